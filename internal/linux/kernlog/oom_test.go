package kernlog

import (
	"strconv"
	"strings"
	"testing"
)

// text is what Linux 6.1 writes about a container's limit.
const text = `something else: Killed process 9 (x)
dd invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
memory: usage 65536kB, limit 65536kB, failcnt 26
oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=payload,mems_allowed=0,oom_memcg=/machine.slice/machine-web.scope,task_memcg=/machine.slice/machine-web.scope/payload,task=dd,pid=1234,uid=0
Memory cgroup out of memory: Killed process 1234 (dd) total-vm:104552kB, anon-rss:63100kB, file-rss:1524kB, shmem-rss:0kB, UID:0 pgtables:172kB oom_score_adj:0
`

// logOf is a log with a message of each line, whose number is its time.
func logOf(text string) (log []Message) {
	for line := range strings.Lines(text) {
		log = append(log, Message{At: strconv.Itoa(len(log) + 1), Text: strings.TrimSuffix(line, "\n")})
	}
	return log
}

// TestNames: a log names the processes that were killed, by either of the kernel's lines, and no others.
func TestNames(t *testing.T) {
	t.Parallel()
	lines := strings.SplitAfter(text, "\n")
	for name, tc := range map[string]struct {
		log  string
		pid  uint32
		want bool
	}{
		"both lines":           {text, 1234, true},
		"the first one":        {strings.Join(lines[:4], ""), 1234, true},
		"the second one":       {lines[4], 1234, true},
		"the host's memory":    {"Out of memory: Killed process 7 (init) total-vm:1kB", 7, true},
		"whoever allocates":    {"Out of memory (oom_kill_allocating_task): Killed process 7 (init) total", 7, true},
		"a container's limit":  {"Memory cgroup out of memory: Killed process 7 (init) total-vm:1kB", 7, true},
		"none":                 {"", 1234, false},
		"the begin of another": {text, 123, false},
		"the end of another":   {text, 234, false},
		"another text":         {text, 9, false},
		"a name that says it":  {strings.ReplaceAll(text, "(dd)", "(: Killed process)"), 9, false},
		"a group that says it": {"oom-kill:constraint=C,nodemask=(null),cpuset=x: Killed process 9 (,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=dd,pid=1234,uid=0", 9, false},
		"a name with a number": {"oom-kill:constraint=C,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=,pid=9,uid=0,pid=1234,uid=0", 9, false},
	} {
		if got := Names(logOf(tc.log), tc.pid); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestLast: the last process of a group is found, whosever limit was reached, and none that a container pretends to be
// of another.
func TestLast(t *testing.T) {
	t.Parallel()
	const web = "/machine.slice/machine-web.scope"
	line := func(cpuset, limit, rest string) string {
		return "oom-kill:constraint=C,nodemask=(null),cpuset=" + cpuset + ",mems_allowed=0" + limit + ",task_memcg=" + rest + ",uid=0\n"
	}
	for name, tc := range map[string]struct {
		log  string
		want Victim
	}{
		"its own limit":          {text, Victim{"dd", 1234, "4"}},
		"a limit inside":         {text + line("x", ",oom_memcg="+web+"/payload/system.slice", web+"/payload/system.slice/a,task=ab c,pid=8"), Victim{"ab c", 8, "6"}},
		"the slice's limit":      {text + line("x", ",oom_memcg=/machine.slice", web+"/payload,task=b,pid=8"), Victim{"b", 8, "6"}},
		"the root's limit":       {text + line("x", ",oom_memcg=/", web+"/payload,task=b,pid=8"), Victim{"b", 8, "6"}},
		"the host's memory":      {text + line("x", ",global_oom", web+"/payload,task=b,pid=8"), Victim{"b", 8, "6"}},
		"another container":      {text + line("x", ",oom_memcg=/machine.slice/machine-web2.scope", "/machine.slice/machine-web2.scope/payload,task=b,pid=8"), Victim{"dd", 1234, "4"}},
		"another of the slice":   {text + line("x", ",oom_memcg=/machine.slice", "/machine.slice/machine-web2.scope,task=b,pid=8"), Victim{"dd", 1234, "4"}},
		"none":                   {strings.ReplaceAll(text, "web", "other"), Victim{}},
		"a forged group":         {line("x", ",oom_memcg=/machine.slice/machine-a.scope/payload/z,task_memcg=/machine.slice/machine-web.scope", "/machine.slice/machine-a.scope/payload/z,task=b,pid=8"), Victim{}},
		"a forged limit":         {line("x", ",oom_memcg=/machine.slice/machine-a.scope/payload/z,oom_memcg=/machine.slice/machine-web.scope", "/machine.slice/machine-a.scope/payload/z,task=b,pid=8"), Victim{}},
		"a forged cpuset":        {line("x,global_oom,task_memcg=", ",oom_memcg=/machine.slice/machine-a.scope", "/machine.slice/machine-a.scope/payload,task=b,pid=8"), Victim{}},
		"a forged want":          {line("x", ",oom_memcg=/machine.slice/machine-a.scope/payload/z,global_oom,task_memcg=/machine.slice/machine-web.scope", "/machine.slice/machine-a.scope,task=b,pid=8"), Victim{}},
		"a forged limit of none": {line("x", ",global_oom", "/machine.slice/machine-a.scope/payload/z,oom_memcg=/machine.slice/machine-web.scope/x,task=b,pid=8"), Victim{}},
		"a line that is cut off": {strings.SplitAfter(text, ",pid=")[0], Victim{}},
		"a number that is none":  {line("x", ",oom_memcg="+web, web+"/payload,task=b,pid=-8"), Victim{}},
	} {
		got, found := Last(logOf(tc.log), web)
		if got != tc.want || found != (tc.want != Victim{}) {
			t.Errorf("%s: %+v, %v", name, got, found)
		}
	}
}
