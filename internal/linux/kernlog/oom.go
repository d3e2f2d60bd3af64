package kernlog

import (
	"slices"
	"strconv"
	"strings"
)

// Victim is a process that the OOM killer has killed.
type Victim struct {
	Process string // as in /proc/PID/comm
	PID     uint32 // on the host
	At      string // the time in the log; together with the pid no two have the same
}

// killing returns what is in the line that the kernel writes after the signal, from the victim's pid on: PID (NAME) and
// more.
func killing(text string) (victim string, ok bool) {
	for _, begin := range []string{
		"Memory cgroup out of memory: ", "Out of memory: ", "Out of memory (oom_kill_allocating_task): ",
	} {
		if victim, ok = strings.CutPrefix(text, begin+"Killed process "); ok {
			return victim, true
		}
	}
	return "", false
}

func (m Message) isOOM() bool {
	_, ok := killing(m.Text)
	return ok || strings.HasPrefix(m.Text, opening)
}

// Names reports whether a log says that the OOM killer has killed a process. Any text may be forged that the kernel
// quotes: names of processes and of control groups.
func Names(log []Message, pid uint32) bool {
	begin := strconv.FormatUint(uint64(pid), 10) + " ("
	return slices.ContainsFunc(log, func(m Message) bool {
		if victim, ok := killing(m.Text); ok {
			return strings.HasPrefix(victim, begin)
		}
		// The kernel writes the other line after the signal, so that the process may have ended before. It writes
		// this one before the signal, but not in each case.
		v, ok := summary(m.Text)
		return ok && v.PID == pid
	})
}

// Last returns the last process of a control group, or of a group below it, that a log names as killed. The kernel does
// not name all when it kills many.
func Last(log []Message, group string) (v Victim, found bool) {
	for _, m := range slices.Backward(log) {
		if !below(m.Text, group) {
			continue
		}
		if v, ok := summary(m.Text); ok {
			v.At = m.At
			return v, true
		}
	}
	return Victim{}, false
}

// The parts of the line that summary reads.
const (
	opening    = "oom-kill:constraint="
	limited    = ",oom_memcg=/" // before the group whose limit was reached
	unlimited  = ",global_oom"  // instead, when the host had no memory
	membership = ",task_memcg=/"
)

// summary reads the line that the kernel writes about one choice of a victim:
//
//	oom-kill:constraint=C,nodemask=N,cpuset=S,mems_allowed=M,oom_memcg=/G,task_memcg=/G,task=NAME,pid=N,uid=N
//
// The name may have any character, so the numbers are looked for from the end.
func summary(text string) (v Victim, ok bool) {
	if !strings.HasPrefix(text, opening) {
		return v, false
	}
	text, _, ok = cutLast(text, ",uid=")
	if !ok {
		return v, false
	}
	text, number, ok := cutLast(text, ",pid=")
	if !ok {
		return v, false
	}
	pid, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return v, false
	}
	_, name, ok := cutLast(text, ",task=")
	return Victim{Process: name, PID: uint32(pid)}, ok
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// below reports whether a summary is about a process of a group or a group below it. A container names its own groups,
// and so can write nearly anything into the line after the first name of a group of its own. So the first of the two
// texts that can come there is the kernel's: the name of the cpuset, which is before them, has no slash.
func below(text, of string) bool {
	before, own, isLimited := strings.Cut(text, limited)
	if _, task, ok := strings.Cut(before, unlimited+membership); ok {
		return isIn("/"+task, of)
	}
	own = "/" + own
	if !isLimited || isIn(own, of) { // the limit is of this group, or of one below: so is the process
		return isLimited
	}
	limit, task, ok := strings.Cut(own, membership)
	return ok && strings.HasPrefix(of, strings.TrimSuffix(limit, "/")+"/") && isIn("/"+task, of)
}

// isIn reports whether a text begins with the path of a group or of one below it.
func isIn(text, of string) bool {
	rest, ok := strings.CutPrefix(text, of)
	return ok && (strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, ","))
}
