package planner

import (
	"slices"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// notifySocket is in /dev, the one directory that every container has of its own, whatever its root is.
const notifySocket = "/dev/notify"

// notify has init told where to say that it is ready (sd_notify(3)), if the definition asks for it.
func notify(p *plan.Plan, d *domain.Def) {
	if !d.Extension.Notify {
		return
	}
	p.Notify = notifySocket
	p.Init.Env = append(unset(p.Init.Env, "NOTIFY_SOCKET="), "NOTIFY_SOCKET="+notifySocket)
}

// unset returns an environment less the variables with a prefix.
func unset(env []string, prefix string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(e string) bool { return strings.HasPrefix(e, prefix) })
}

// Pass has init get descriptors with these names, as sd_listen_fds(3) expects them: from 3 on, in this order, and
// told by LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES. A variable of the definition with such a name gives way.
func Pass(p *plan.Plan, names []string) {
	p.Passed = len(names)
	if p.Passed == 0 {
		return
	}
	p.Init.Env = append(unset(p.Init.Env, "LISTEN_"),
		"LISTEN_FDS="+strconv.Itoa(p.Passed),
		"LISTEN_PID=1", // init's, in its pid namespace
		"LISTEN_FDNAMES="+strings.Join(names, ":"))
}
