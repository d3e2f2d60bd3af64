package born

import (
	"errors"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What says what a call does. Its error has it.
type What struct {
	Op, Object string
	// The caller's own: what the call is a part of, and what else is to be known of it.
	Stage   string
	Attr    uint64
	Context Ref
}

// Failure is a call that failed.
type Failure struct {
	What
	Errno syscall.Errno
}

func (f *Failure) Error() string {
	if f.Object == "" {
		return f.Op + ": " + f.Errno.Error()
	}
	return f.Op + " " + f.Object + ": " + f.Errno.Error()
}
func (f *Failure) Unwrap() error { return f.Errno }

// Ref is a call that Do has added, and its result.
type Ref int

// Of is the result of a call as an argument.
func Of(r Ref) Arg { return Result(int(r)) }

// Owner decides what a list alone does not.
type Owner interface {
	// Mend decides what becomes of a failed call, whose error is err. It can make and carry out a list of its own, which
	// is aside from this one. The list goes on skip calls after the one that failed: with 0 it is carried out again.
	Mend(at Ref, err *Failure) (skip int, _ error)
	// Check is called when a list that is not aside has been carried out, or has failed, and what it has written into
	// rooms is still there. Its error is the list's.
	Check() error
}

// list is the list in the making. A list can be made and carried out aside, while another one waits for the mending of
// a call that failed: it begins at base then.
type list struct {
	base, n int
	data    int   // where the next argument is put in the memory
	aside   int   // data at base
	over    bool  // it has been carried out aside: the next call begins another one
	inborn  int   // how many of the calls the child carries out without being told to
	err     error // the list cannot be carried out
}

// note is a What in the memory: it has no pointer of Go.
type note struct {
	op, object, stage struct{ at, size uint32 }
	attr              uint64
	context           int64
}

// begin begins a new list.
func (w *Worker) begin() {
	w.list = list{data: int(w.head.results) + w.most*(8+int(unsafe.Sizeof(note{})))}
	w.head.moves = never
}

// first is the Ref of the list's first call.
func (w *Worker) first() int { return len(w.results) }

// Do adds a call to the list. If the memory is full, it has the list carried out before. An error of that is for Run.
func (w *Worker) Do(what What, number uintptr, args ...Arg) Ref {
	size := aligned(len(what.Op)) + aligned(len(what.Object)) + aligned(len(what.Stage))
	for i := range args {
		size += args[i].size()
	}
	w.reserve(what, 1, size)
	if w.err != nil {
		return 0
	}
	o := w.order(w.n)
	*o = order{number: uint64(number), guard: never}
	for k := range o.from {
		o.from[k] = never
	}
	for k := range args {
		a := &args[k]
		switch {
		case a.kind != result:
			o.args[k] = w.put(a)
		case int(a.number) < w.first():
			o.args[k] = uint64(w.results[a.number])
		default:
			o.from[k] = int32(int(a.number) - w.first())
		}
	}
	*w.result(w.n) = 0
	if w.rehearsal != nil {
		w.rehearsal.note(what, number, args)
	}
	*w.note(w.n) = note{w.copied(what.Op), w.copied(what.Object), w.copied(what.Stage), what.Attr, int64(what.Context)}
	w.n++
	return Ref(w.first() + w.n - 1)
}

// reserve makes sure of the memory for so many calls and bytes.
func (w *Worker) reserve(what What, calls, size int) {
	if w.over {
		w.n, w.data, w.over = w.base, w.aside, false
	}
	fits := func() bool { return w.n+calls <= w.most && w.data+size <= int(w.stack()) }
	if w.err == nil && !fits() && w.base == 0 && (w.PID != 0 || w.rehearsal != nil) {
		w.err = w.Run()
	}
	if w.err == nil && !fits() {
		w.err = &Failure{what, unix.E2BIG}
	}
}

func (w *Worker) order(i int) *order {
	return (*order)(unsafe.Pointer(&w.memory[ordersAt+i*int(unsafe.Sizeof(order{}))]))
}

func (w *Worker) result(i int) *int64 {
	return (*int64)(unsafe.Pointer(&w.memory[int(w.head.results)+8*i]))
}

func (w *Worker) note(i int) *note {
	return (*note)(unsafe.Pointer(&w.memory[int(w.head.results)+8*w.most+i*int(unsafe.Sizeof(note{}))]))
}

// copied puts a text into the memory.
func (w *Worker) copied(text string) (c struct{ at, size uint32 }) {
	c.at, c.size = uint32(w.data), uint32(len(text))
	copy(w.take(len(text)), text)
	return c
}

// failure returns the error of a call of the list.
func (w *Worker) failure(at int) *Failure {
	n := w.note(at)
	text := func(c struct{ at, size uint32 }) string { return string(w.memory[c.at : c.at+c.size]) }
	what := What{Op: text(n.op), Object: text(n.object), Stage: text(n.stage), Attr: n.attr, Context: Ref(n.context)}
	return &Failure{what, syscall.Errno(w.head.errno)}
}

// put puts what an argument points to into the memory, and returns its value.
func (w *Worker) put(a *Arg) uint64 {
	into := area{w.memory, w.data}
	value := into.put(a)
	w.data = into.used
	return value
}

func (w *Worker) take(n int) []byte {
	into := area{w.memory, w.data}
	b := into.take(n)
	w.data = into.used
	return b
}

// Room returns memory for what the next few calls write. It lasts until the list has been carried out, and the next one
// is begun.
func (w *Worker) Room(n int) []byte {
	const calls, arguments = 16, 16 << 10 // the next few
	w.reserve(What{Op: "memory"}, calls, aligned(n)+arguments)
	if w.err != nil {
		return make([]byte, n)
	}
	b := w.take(n)
	clear(b)
	return b
}

// At is the address of memory of Room.
func At(room []byte) Arg { return address(room) }

// Tolerate lets the list go on if the last call has one of these errors. Its result is the negative errno then.
func (w *Worker) Tolerate(errs ...syscall.Errno) {
	if w.err != nil {
		return
	}
	for i, e := range errs {
		w.order(w.n - 1).tolerate[i] = uint8(e)
	}
	if w.rehearsal != nil {
		w.rehearsal.last().Tolerate = errs
	}
}

// If has the last call carried out only if an earlier one has succeeded.
func (w *Worker) If(r Ref) { w.guard(r, 0) }

// IfFailed has the last call carried out only if an earlier one has had this error, which it tolerates.
func (w *Worker) IfFailed(r Ref, errno syscall.Errno) { w.guard(r, errno) }

func (w *Worker) guard(r Ref, wanted syscall.Errno) {
	if w.err != nil {
		return
	}
	if w.rehearsal != nil {
		w.rehearsal.guard(r, wanted)
	}
	o := w.order(w.n - 1)
	if at := int(r) - w.first(); at >= 0 {
		o.guard, o.wanted = int32(at), int32(wanted)
		return
	}
	if got := w.results[r]; (wanted == 0) != (got >= 0) || wanted != 0 && got != -int64(wanted) {
		o.guard, o.wanted = int32(w.n-1), never // no result is that
	}
}

// Store has the result of the last call written into a room, too, as 32 bits.
func (w *Worker) Store(room []byte) {
	if w.err == nil {
		w.order(w.n - 1).store = uint64(uintptr(unsafe.Pointer(unsafe.SliceData(room))) - uintptr(unsafe.Pointer(w.head)))
	}
}

// Alter changes an argument of a call that failed and is carried out again.
func (w *Worker) Alter(r Ref, arg int, value uint64) { w.order(int(r) - w.first()).args[arg] = value }

// Argument returns an argument of a call of the list.
func (w *Worker) Argument(r Ref, arg int) uint64 { return w.order(int(r) - w.first()).args[arg] }

// Result returns the result of a call that has been carried out.
func (w *Worker) Result(r Ref) int64 {
	if at := int(r) - w.first(); at >= 0 {
		return *w.result(at)
	}
	return w.results[r]
}

// Run carries out the list, and begins a new one. It returns a *Failure of the first call that failed, unless it was
// mended: the child waits for another list then. It returns ErrOver if the child has executed a program, or has ended.
func (w *Worker) Run() error {
	err := w.err
	if err == nil {
		err = w.carry()
	}
	if w.base > 0 {
		w.over, w.err = true, nil
		return err
	}
	if w.Owner != nil && !errors.Is(err, ErrOver) {
		if cerr := w.Owner.Check(); cerr != nil {
			err = cerr
		}
	}
	for i := range w.n {
		w.results = append(w.results, *w.result(i))
	}
	w.begin()
	return err
}

func (w *Worker) carry() error {
	if w.inborn > 0 {
		at, err := w.answer()
		if err == nil && at < w.inborn {
			err = w.failure(at)
		}
		if err != nil {
			return err
		}
	}
	for from := w.base + w.inborn; from < w.n; {
		at, err := w.carryOut(from, w.n)
		if err != nil || at >= w.n {
			return err
		}
		skip, err := w.failed(at)
		if err != nil {
			return err
		}
		from = at + skip
	}
	return nil
}

// failed returns how the list goes on after a call that failed.
func (w *Worker) failed(at int) (skip int, err error) {
	failure := w.failure(at)
	if w.Owner == nil {
		return 0, failure
	}
	outer := w.list
	w.base, w.aside, w.inborn = w.n, w.data, 0
	skip, err = w.Owner.Mend(Ref(w.first()+at), failure)
	w.list = outer
	return skip, err
}
