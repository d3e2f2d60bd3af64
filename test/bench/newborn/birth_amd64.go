package newborn

// birth creates the process, which carries out the steps. It returns its pid, or a negative errno. The child notes at
// failed the address of the step that failed, and the negative errno.
func birth(args *cloneArgs, size, steps, failed uintptr) (pid uintptr)
