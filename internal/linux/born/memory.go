package born

import (
	"fmt"
	"unsafe"
)

// step is a Call in the form that the child carries out. It has no pointer of Go.
type step struct {
	number   uint64
	args     [6]uint64
	from     [6]int32 // the call whose result is the argument; -1: none
	tolerate [maxTolerate]uint8
	split    bool
}

const (
	maxTolerate = 6
	// maxCalls is how many results fit into one write to a pipe that is not divided (PIPE_BUF).
	maxCalls = 4096/8 - 1
)

// life is the beginning of the memory of a child: what it carries out. The steps follow, and then the results: the
// index of the last call, then the result of each.
type life struct {
	count   int64
	results int64 // where in the memory they are

	// The descriptor for the report, and the one that it becomes with the call moves.
	report, moved int64
	moves         int64
}

// program is a list in memory of its own, ready for the child. Nothing in it points out of it. At its end is the
// child's stack.
type program struct {
	memory []byte
	*life
}

const stepsAt = int(unsafe.Sizeof(life{}))

// assemble puts a list into memory. The caller has to give that back.
func assemble(list []Call) (_ *program, err error) {
	if len(list) > maxCalls {
		return nil, fmt.Errorf("born: a list of %d calls; the limit is %d", len(list), maxCalls)
	}
	results := stepsAt + len(list)*int(unsafe.Sizeof(step{}))
	size := results + 8*(len(list)+1)
	for i := range list {
		for k := range list[i].Args {
			size += list[i].Args[k].size()
		}
	}
	memory, err := ownMemory(roundUp(size) + stackSize)
	if err != nil {
		return nil, err
	}
	p := &program{memory, (*life)(unsafe.Pointer(&memory[0]))}
	p.count, p.results = int64(len(list)), int64(results)
	into := area{memory, results + 8*(len(list)+1)}
	for i := range list {
		if err := p.place(i, &list[i], &into); err != nil {
			giveBack(nil, memory)
			return nil, err
		}
	}
	return p, nil
}

// place puts a call into the memory.
func (p *program) place(i int, c *Call, into *area) error {
	if len(c.Args) > 6 || len(c.Tolerate) > maxTolerate {
		return fmt.Errorf("born: %s has too many arguments or errors", c.Name)
	}
	s := p.step(i)
	s.number, s.split = uint64(c.Number), c.Split
	for k, errno := range c.Tolerate {
		s.tolerate[k] = uint8(errno)
	}
	for k := range s.from {
		s.from[k] = never
	}
	for k := range c.Args {
		a := &c.Args[k]
		if a.kind != result {
			s.args[k] = into.put(a)
			continue
		}
		if a.number >= uint64(i) {
			return fmt.Errorf("born: %s needs the result of a later call", c.Name)
		}
		s.from[k] = int32(a.number)
	}
	return nil
}

func (p *program) step(i int) *step {
	return (*step)(unsafe.Pointer(&p.memory[stepsAt+i*int(unsafe.Sizeof(step{}))]))
}
