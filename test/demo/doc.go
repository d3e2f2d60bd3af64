// Package demo is the script that `make demo` shows, and the tests of it: that it does what it says
// to its end, and that nothing of it is left however it ends.
package demo
