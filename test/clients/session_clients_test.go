//go:build clients

package clients

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// session is what an administrator types and what is printed: a golden that can be read.
type session struct {
	t    testing.TB
	text strings.Builder
	hide []string // pairs of a text of this run and its name in the golden
}

// types runs a line of shell and keeps it, its output and its errors, and its exit status unless that is 0. A line that
// hangs has the status 124.
func (s *session) types(line string) {
	s.t.Helper()
	r := try(s.t, "timeout", "--foreground", "50", "bash", "-c", "exec 2>&1; "+line)
	fmt.Fprintf(&s.text, "# %s\n", line)
	if r.Out != "" {
		fmt.Fprintln(&s.text, r.Out)
	}
	if r.Status != 0 {
		fmt.Fprintf(&s.text, "[exit status %d]\n", r.Status)
	}
	s.text.WriteByte('\n')
}

// asVirsh types each line after "virsh -c lxc:///system".
func (s *session) asVirsh(lines ...string) {
	s.t.Helper()
	for _, line := range lines {
		s.types("virsh -c lxc:///system " + line)
	}
}

// domid is the id that the container has now, ID in the golden.
func (s *session) domid(name string) {
	s.t.Helper()
	s.hide = append(s.hide, virsh(s.t, "domid "+name), "ID")
}

var blanks = regexp.MustCompile(`(?m) +$`)

// String is the text without what differs from run to run.
func (s *session) String() string {
	text := blanks.ReplaceAllString(s.text.String(), "")
	for i := 0; i+1 < len(s.hide); i += 2 {
		pattern := regexp.MustCompile(`(?m)(^|[^0-9])` + regexp.QuoteMeta(s.hide[i]) + `([^0-9]|$)`)
		text = pattern.ReplaceAllString(text, "${1}"+s.hide[i+1]+"$2")
	}
	for _, c := range columns {
		text = c.pattern.ReplaceAllString(text, c.with)
	}
	return text
}

// columns are as wide as the number of a process.
var columns = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`(?m)^Id +Name`), "Id     Name"},
	{regexp.MustCompile(`(?m)^ ID +`), " ID     "},
	{regexp.MustCompile(`(?m)^-{20,}$`), "--------------------"},
	{regexp.MustCompile(`[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}\b`), "DATE"}, // of ls -l
	{regexp.MustCompile(`(CPU time: +)[0-9.]+s`), "${1}Ns"},
}

func containsLine(text, line string) bool { return slices.Contains(strings.Split(text, "\n"), line) }
