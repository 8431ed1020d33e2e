" tk.vim - colours .tk files. Copy syntax/ and ftdetect/ to ~/.vim.
" SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

if exists("b:current_syntax")
  finish
endif

syn match tkVersion "\%^\_s*\zstk\ze\s"
syn keyword tkDeclaration bench enum export fn import kernel reference sequence test
syn keyword tkStatement assert else for if in let print return static_assert var while
syn keyword tkModifier const inbounds mut out temp
syn keyword tkConstant false inf nan none true
" Words with a meaning in one place only.
syn keyword tkClause alias bytes flops grid ignore init progress require stride tune within
syn keyword tkType bool index ptr tensor tile
syn match tkType "\<[iu]\(8\|16\|32\|64\)\>"
syn match tkType "\<\(f16\|bf16\|f32\|f64\)\>"
syn match tkNumber "\<\d[0-9_]*\>"
syn match tkNumber "\<0x[0-9a-fA-F_]\+\>"
syn match tkNumber "\<0b[01_]\+\>"
syn match tkFloat "\<\d[0-9_]*\.\d[0-9_]*\([eE][-+]\?\d\+\)\?\>"
syn match tkFloat "\<\d[0-9_]*[eE][-+]\?\d\+\>"
syn match tkFloat "\<0x[0-9a-fA-F_]\+\(\.[0-9a-fA-F_]\+\)\?[pP][-+]\?\d\+\>"
syn match tkAnnotation "@\h\w*"
syn match tkEscape contained "\\[nt\\\"]"
syn region tkString start=+"+ skip=+\\.+ end=+"+ oneline contains=tkEscape
syn keyword tkTodo contained TODO FIXME
syn match tkComment "//.*$" contains=tkTodo,@Spell
syn match tkDoc "///.*$" contains=tkTodo,@Spell
syn region tkComment start="/\*" end="\*/" contains=tkTodo,@Spell

hi def link tkVersion PreProc
hi def link tkDeclaration Keyword
hi def link tkStatement Statement
hi def link tkModifier StorageClass
hi def link tkConstant Constant
hi def link tkClause PreProc
hi def link tkType Type
hi def link tkNumber Number
hi def link tkFloat Float
hi def link tkAnnotation PreProc
hi def link tkEscape SpecialChar
hi def link tkString String
hi def link tkTodo Todo
hi def link tkComment Comment
hi def link tkDoc SpecialComment

setlocal comments=:///,:// commentstring=//\ %s
setlocal shiftwidth=4 expandtab

let b:current_syntax = "tk"
