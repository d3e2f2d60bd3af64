// Package screen has the whole terminal of a program that shows lines and takes keys. It alone knows the library for
// terminals.
//
// Run has the terminal while it lasts. Afterwards the terminal is as it was, also when the program has failed or was
// told to end. While the process is stopped (SIGTSTP), the shell has the terminal.
package screen
