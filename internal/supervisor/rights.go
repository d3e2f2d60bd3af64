package supervisor

import (
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/enter"
	"github.com/berthd/berth/internal/linux/caps"
	"github.com/berthd/berth/internal/linux/inherit"
	"github.com/berthd/berth/internal/linux/seccomp"
	"github.com/berthd/berth/internal/linux/signals"
	"github.com/berthd/berth/internal/plan"
)

// rights are those of all commands of the container: what init got, by the plan. The first command has them read.
type rights struct {
	plan *os.File // packed

	mu    sync.Mutex
	known *granted
}

// granted is what a command takes over as it is.
type granted struct {
	command    enter.Command // but for what each command has of its own
	env        []string      // of init
	oom        *os.File      // init's oom_score_adj: init may change it
	user       bool          // the container has a user namespace, with these ids
	uids, gids []plan.IDRange
}

// read returns what all commands have. ownTime says that the container has a time namespace, and initFile names init's
// files.
func (r *rights) read(ownTime bool, initFile func(name string) string) (*granted, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known != nil {
		return r.known, nil
	}
	p, _, err := readPlan(r.plan)
	if err != nil {
		return nil, err
	}
	g := &granted{
		command: enter.Command{
			Namespaces: namespaces(p, ownTime), User: p.Namespaces.User, Keep: p.Caps.Keep, Permitted: ^uint64(0), Inheritable: p.Caps.Inherit,
			Caps: caps.Count(), Ignored: signals.Ignored(), NoNewPrivs: p.NoNewPrivs, Linux32: p.Linux32,
			Label: strings.Clone(p.Label.Process), MayLackIt: !p.Label.Required,
		},
		env: slices.Clone(p.Init.Env), user: p.Namespaces.User, uids: slices.Clone(p.UIDs), gids: slices.Clone(p.GIDs),
	}
	c := &g.command
	if !c.User { // in a new user namespace a process has all
		if c.Permitted, err = caps.Permitted(); err != nil {
			return nil, err
		}
	}
	if len(p.Deny) > 0 {
		if c.Filter, err = seccomp.Filter(p.Deny); err != nil {
			return nil, err
		}
	}
	if err := limit(c, p); err != nil {
		return nil, err
	}
	if g.oom, err = os.Open(initFile(inherit.OOMScoreAdj)); err != nil {
		return nil, ending(err)
	}
	r.known = g
	return g, nil
}

// namespaces returns the flags of the namespaces to enter: all that init can have for itself.
func namespaces(p *plan.Plan, ownTime bool) int {
	flags := unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWNET | unix.CLONE_NEWCGROUP
	if p.Namespaces.User {
		flags |= unix.CLONE_NEWUSER
	}
	if ownTime {
		flags |= unix.CLONE_NEWTIME
	}
	return flags
}
