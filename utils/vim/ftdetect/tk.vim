" tk.vim - recognises .tk files.
" SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
au BufRead,BufNewFile *.tk set filetype=tk
