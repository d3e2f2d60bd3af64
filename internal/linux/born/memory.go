package born

import (
	"fmt"
	"syscall"
	"unsafe"
)

// step is a Call in the form that the child carries out.
type step struct {
	number   uintptr
	args     [6]uintptr
	from     [6]int // the call whose result is the argument; -1: none
	tolerate [maxTolerate]syscall.Errno
	split    bool
}

const (
	maxTolerate = 6
	// maxCalls is how many results fit into one write to a pipe that is not divided (PIPE_BUF).
	maxCalls = 4096/8 - 1
)

// program is a list in memory that nobody moves, ready for the child.
type program struct {
	steps []step
	// results has the index of the last call, then the result of each.
	results []int64
	keep    []any // what the arguments point to

	// The descriptor for the report, and the one that it becomes with the call moves.
	report, moved uintptr
	moves         int
}

// assemble puts a list into memory.
func assemble(list []Call) (*program, error) {
	if len(list) > maxCalls {
		return nil, fmt.Errorf("born: a list of %d calls; the limit is %d", len(list), maxCalls)
	}
	p := &program{steps: make([]step, len(list)), results: make([]int64, len(list)+1)}
	for i := range list {
		c := &list[i]
		if len(c.Args) > 6 || len(c.Tolerate) > maxTolerate {
			return nil, fmt.Errorf("born: %s has too many arguments or errors", c.Name)
		}
		s := &p.steps[i]
		s.number, s.split = c.Number, c.Split
		copy(s.tolerate[:], c.Tolerate)
		for k := range s.from {
			s.from[k] = -1
		}
		for k := range c.Args {
			a := &c.Args[k]
			if a.kind != result {
				s.args[k] = p.place(a)
				continue
			}
			if a.number >= uint64(i) {
				return nil, fmt.Errorf("born: %s needs the result of a later call", c.Name)
			}
			s.from[k] = int(a.number)
		}
	}
	return p, nil
}

// place returns the value of an argument. What the value points to is kept. The garbage collector of Go does not move
// what is not on a stack.
func (p *program) place(a *Arg) uintptr {
	switch a.kind {
	case text:
		return p.place(&Arg{kind: bytes, bytes: append([]byte(a.text), 0)})
	case bytes:
		copied := append([]byte(nil), a.bytes...)
		if len(copied) == 0 {
			copied = make([]byte, 1)
		}
		p.keep = append(p.keep, copied)
		return uintptr(unsafe.Pointer(&copied[0]))
	case words:
		list := make([]uint64, max(len(a.words), 1))
		for i := range a.words {
			list[i] = uint64(p.place(&a.words[i]))
		}
		p.keep = append(p.keep, list)
		return uintptr(unsafe.Pointer(&list[0]))
	}
	return uintptr(a.number)
}
