// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-place-synchronisation))' --verify-diagnostics

// expected-error @below {{expects structured control flow, but the body has several blocks}}
tk.kernel @blocks() {
  cf.br ^next
^next:
  tk.return
}
