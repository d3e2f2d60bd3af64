package timeline

import (
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/berthd/berth/test/bench/proto"
)

// The processes, by the names that they give themselves.
const (
	daemon     = "berthd"
	supervisor = "berth-supervisor"
	systemd    = "systemd"
	machined   = "systemd-machined"
	caller     = "bench" // the benchmark's agent, which bears the floor's containers itself
)

// named reports whether a thread has the name of a program. The kernel keeps 15 bytes of it.
func (e *Event) named(program string) bool { return e.Comm == program[:min(len(program), 15)] }

// seen is what was seen of one start or stop.
type seen struct {
	events []Event
	init   int // the process that has become init, or 0
	parent int // init's supervisor, or 0
}

// step is one step: the first event that is it, or the last.
type step struct {
	what string
	is   func(*seen, *Event) bool
	last bool
}

// Start returns the steps of a start in milliseconds after its call. program is what the container executes as init.
func Start(events []Event, called time.Duration, program string) []proto.Mark {
	s := &seen{events: events}
	for i := range events {
		if events[i].executes(program) {
			s.init = events[i].Thread
		}
	}
	for i := range events {
		// A thread of the supervisor may have another name, but all have its process.
		if e := &events[i]; s.bears(e) && !e.named(caller) {
			s.parent = e.Process
		}
	}
	return s.marks(called, []step{
		{what: "berthd hears the call", is: by(daemon, heard)},
		{what: "supervisor is executed", is: ofSupervisor(func(e *Event) bool { return e.Name == "sched_process_exec" })},
		{what: "supervisor has its order", is: ofSupervisor(heard)},
		{what: "berthd has saved the state", is: by(daemon, renames)},
		{what: "systemd hears of the scope", is: by(systemd, heard)},
		{what: "init is cloned", is: (*seen).bears},
		{what: "init stage is executed", is: ofInit(func(e *Event) bool { return e.Name == "sched_process_exec" && !e.executes(program) })},
		{what: "init has left the host's mounts", is: ofInit(func(e *Event) bool {
			return (e.Name == "sys_setns" || e.Name == "sys_pivot_root") && e.Result == 0
		})},
		{what: "systemd has moved the process into the scope", is: by(systemd, moved)},
		{what: "supervisor has placed init in its group", is: ofSupervisor(moved)},
		{what: "init has its last namespace", is: ofInit(func(e *Event) bool { return e.Name == "sys_unshare" && e.Result == 0 }), last: true},
		{what: "machined has saved the machine", is: by(machined, renames)},
		{what: "init is executed", is: ofInit(func(e *Event) bool { return e.executes(program) })},
		{what: "berthd has saved that it runs", is: by(daemon, renames), last: true},
	})
}

// Stop returns the steps of a stop in milliseconds after its call. program is the container's init.
func Stop(events []Event, called time.Duration, program string) []proto.Mark {
	s := &seen{events: events}
	for i := range events {
		switch e := &events[i]; {
		case !ended(e):
		case e.named(path.Base(program)):
			s.init = e.Process
		case e.named(supervisor):
			s.parent = e.Process
		}
	}
	return s.marks(called, []step{
		{what: "berthd hears the call", is: by(daemon, heard)},
		{what: "berthd has saved the order", is: by(daemon, renames)},
		{what: "init has ended", is: ofInit(ended)},
		{what: "supervisor has ended", is: ofSupervisor(ended)},
		{what: "systemd hears the first message", is: by(systemd, heard)},
		{what: "systemd has removed the control group", is: by(systemd, func(e *Event) bool { return e.Name == "cgroup_rmdir" }), last: true},
		{what: "machined has dropped the machine", is: by(machined, func(e *Event) bool { return e.Name == "sys_unlink" || e.Name == "sys_unlinkat" })},
		{what: "berthd has saved the end", is: by(daemon, renames), last: true},
	})
}

// Exec returns the steps of a command in a container, in milliseconds after its call. program is the command. Two
// processes are born: the first one joins the container, and the second one is the command.
func Exec(events []Event, called time.Duration, program string) []proto.Mark {
	s := &seen{events: events}
	var joins string
	var end time.Duration
	for i := range events {
		if events[i].executes(program) {
			s.init = events[i].Thread
		}
	}
	for i := range events {
		switch e := &events[i]; {
		case s.bears(e) && !e.named(caller):
			joins = strconv.Itoa(e.Process)
		case e.Process == s.init && ended(e):
			end = e.At
		}
	}
	joinerBorn := func(_ *seen, e *Event) bool { return e.Name == "sched_process_fork" && e.field("child_pid") == joins }
	for i := range events {
		if joinerBorn(s, &events[i]) {
			s.parent = events[i].Process
		}
	}
	return s.marks(called, []step{
		{what: "berthd hears the call", is: by(daemon, heard)},
		{what: "supervisor has its order", is: ofSupervisor(heard)},
		{what: "the process is born that joins the container", is: joinerBorn},
		{what: "the command's process is born", is: (*seen).bears},
		{what: "the command is executed", is: ofInit(func(e *Event) bool { return e.executes(program) })},
		{what: "the command has ended", is: ofInit(ended)},
		{what: "berthd hears of the end", is: by(daemon, func(e *Event) bool { return heard(e) && end > 0 && e.At > end })},
	})
}

// bears is true for the event that creates init.
func (s *seen) bears(e *Event) bool {
	return s.init != 0 && e.Name == "sched_process_fork" && e.field("child_pid") == strconv.Itoa(s.init)
}

// marks returns the steps that were seen.
func (s *seen) marks(called time.Duration, steps []step) []proto.Mark {
	var found []proto.Mark
	for _, each := range steps {
		at := time.Duration(-1)
		for i := range s.events {
			e := &s.events[i]
			if e.At >= called && each.is(s, e) && (at < 0 || each.last) {
				at = e.At
			}
		}
		if at >= 0 {
			found = append(found, proto.Mark{What: each.what, At: float64(at-called) / float64(time.Millisecond)})
		}
	}
	return found
}

func by(program string, is func(*Event) bool) func(*seen, *Event) bool {
	return func(_ *seen, e *Event) bool { return e.named(program) && is(e) }
}

func ofSupervisor(is func(*Event) bool) func(*seen, *Event) bool {
	return func(s *seen, e *Event) bool { return s.parent != 0 && e.Process == s.parent && is(e) }
}

func ofInit(is func(*Event) bool) func(*seen, *Event) bool {
	return func(s *seen, e *Event) bool { return s.init != 0 && e.Process == s.init && is(e) }
}

func heard(e *Event) bool   { return e.Name == "sys_recvmsg" && e.Result > 0 }
func renames(e *Event) bool { return strings.HasPrefix(e.Name, "sys_rename") }
func moved(e *Event) bool   { return e.Name == "cgroup_attach_task" }

// ended is true for the end of a whole process.
func ended(e *Event) bool {
	return e.Name == "sched_process_exit" && e.Thread == e.Process
}

func (e *Event) executes(program string) bool {
	return e.Name == "sched_process_exec" && e.field("filename") == program
}
