tk.kernel @one_scalar(%n: i8 {tk.dtype = "i8", tk.name = "n"}) {
  tk.print "n", %n : i8
  tk.return
}
