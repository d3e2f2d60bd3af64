package planner

import (
	"slices"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/plan"
)

// Pass has init get descriptors with these names, as sd_listen_fds(3) expects them: from 3 on, in this order, and
// told by LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES. A variable of the definition with such a name gives way.
func Pass(p *plan.Plan, names []string) {
	p.Passed = len(names)
	if p.Passed == 0 {
		return
	}
	p.Init.Env = slices.DeleteFunc(slices.Clone(p.Init.Env), func(e string) bool { return strings.HasPrefix(e, "LISTEN_") })
	p.Init.Env = append(p.Init.Env,
		"LISTEN_FDS="+strconv.Itoa(p.Passed),
		"LISTEN_PID=1", // init's, in its pid namespace
		"LISTEN_FDNAMES="+strings.Join(names, ":"))
}
