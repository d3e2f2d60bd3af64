package born

import (
	"math"

	"golang.org/x/sys/unix"
)

// descriptors returns the calls that give the child its descriptors, from 0 on, and close all others. The first keep
// of them stay open in the program that is executed. All of files and report are larger than the numbers that the
// child gets. report becomes len(files).
func descriptors(files []int, keep, report int) []Call {
	var list []Call
	move := func(from, to int) {
		flags := unix.O_CLOEXEC
		if to < keep {
			flags = 0
		}
		list = append(list, Call{Name: "dup3", Number: unix.SYS_DUP3, Args: []Arg{Int(from), Int(to), Int(flags)}})
	}
	for i, fd := range files {
		move(fd, i)
	}
	move(report, len(files))
	return append(list, Call{Name: "close_range", Number: unix.SYS_CLOSE_RANGE, Args: []Arg{Int(len(files) + 1), Int(uint32(math.MaxUint32)), Int(0)}})
}
