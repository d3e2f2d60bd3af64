package supervisor

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/account"
	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/internal/enter"
	"github.com/berthd/berth/internal/linux/inroot"
	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/wire"
)

// enterLimit is how long a command may take to be executed. A file system of the container may not answer.
const enterLimit = 10 * time.Second

// soon is how long a caller who waits for the end of a command hears nothing of its begin.
const soon = 5 * time.Millisecond

// entry is a command that is about to enter the container. It has what its goroutine needs of the supervisor.
type entry struct {
	*wire.Exec
	files    []*os.File // standard input, output and error, or none
	rights   *rights
	payload  *cgroup.Dir
	init     *os.File
	initPID  uint32
	ownTime  bool
	mapped   bool
	uid, gid int // of the container's root, if mapped

	refuse  func(error) // tells the caller; for the goroutine of run
	command enter.Command
	user    account.Account
	owner   int // the user's id on the host
}

func (s *supervisor) entry(m *wire.Exec, files []*os.File) *entry {
	return &entry{
		Exec: m, files: files, rights: &s.commands.rights, payload: s.payload, init: s.init, initPID: s.initPID,
		ownTime: s.clock.own, mapped: s.mapped, uid: s.uid, gid: s.gid,
		refuse: func(err error) { s.refuse(m.Request, err) },
	}
}

// entered is a command that was executed.
type entered struct {
	pid      uint32
	process  *os.File
	ends     []*os.File // for the caller: the master of the terminal, or the other ends of the pipes
	terminal *os.File
	status   *pidfd.Status // of a command that has ended; nil otherwise
}

// errTold says that the caller has been told before why there is no command.
var errTold = errors.New("the caller was told")

// enter executes the command in the container. It returns an *enter.Refused if the command is to blame, and errTold if
// it was too late to say why.
func (e *entry) enter(x *errand) (_ *entered, err error) {
	out := &entered{}
	defer func() {
		closeFiles(e.files)
		if err != nil {
			closeFiles(append(out.ends, out.terminal))
		}
	}()
	late := func() { e.refuse(noAnswer("exec")) }
	if !x.within(lookLimit, late, func() { err = e.look(out) }) {
		return nil, errTold
	}
	if err != nil {
		return nil, err
	}
	if err := e.start(x, out); err != nil {
		return nil, err
	}
	if e.Soon && out.status == nil {
		out.await()
	}
	return out, nil
}

// await reaps the command if it ends at once.
func (out *entered) await() {
	if pidfd.WaitFor(out.process, soon) != nil {
		_ = out.process.SetReadDeadline(time.Time{})
		return
	}
	if st, err := pidfd.Reap(out.process); err == nil {
		out.status = &st
	}
}

// look does all that needs the container's files.
func (e *entry) look(out *entered) error {
	if err := e.prepare(); err != nil {
		return err
	}
	if refused := enter.Check(&e.command); refused != nil {
		return refused
	}
	return e.stdio(out)
}

// prepare finds out with which rights the command runs.
func (e *entry) prepare() error {
	g, err := e.rights.read(e.ownTime, e.initFile)
	if err != nil {
		return err
	}
	c := &e.command
	*c = g.command
	c.Argv, c.Dir, c.Terminal = e.Argv, e.Dir, e.Terminal
	if c.Dir == "" {
		c.Dir = "/"
	}
	if e.NoLabel {
		c.Label, c.MayLackIt = "", false
	}
	if c.OOMScoreAdj, err = e.oomScoreAdj(g); err != nil {
		return err
	}
	if err := e.lookUp(g); err != nil {
		return err
	}
	c.UID, c.GID, c.Groups = e.user.UID, e.user.GID, e.user.Groups
	e.owner = c.UID
	if c.User {
		e.owner, _ = outside(g.uids, c.UID)
	}
	c.Env = environment(g.env, e.User, e.user.Home, e.Env)
	return nil
}

// oomScoreAdj returns that of init. g has its file open.
func (e *entry) oomScoreAdj(g *granted) (string, error) {
	var text [8]byte // -1000 and a new line
	n, err := unix.Pread(int(g.oom.Fd()), text[:], 0)
	if err != nil {
		return "", ending(err)
	}
	return strings.TrimSpace(string(text[:n])), nil
}

func (e *entry) initFile(name string) string {
	return "/proc/" + strconv.FormatUint(uint64(e.initPID), 10) + "/" + name
}

// root opens the root of init. Init is our child and not reaped, so nobody else has its pid.
func (e *entry) root() (*os.File, error) {
	f, err := os.OpenFile(e.initFile("root"), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, ending(err)
	}
	return f, nil
}

// ending explains the error of a file of init's in /proc.
func ending(err error) error {
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) {
		return &wire.Failed{Stage: "exec", Text: "the container is ending", Number: unix.ESRCH}
	}
	return err
}

// lookUp finds the user in the container's own files.
func (e *entry) lookUp(g *granted) error {
	if e.User == "" && e.Group == "" {
		return nil
	}
	root, err := e.root()
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	e.user, err = account.LookUp(inroot.New(root), e.User, e.Group)
	if err != nil {
		return err
	}
	if !g.user {
		return nil
	}
	if _, ok := outside(g.uids, e.user.UID); !ok {
		return fmt.Errorf("user %.60q is user %d, which the container's idmap does not have", e.User, e.user.UID)
	}
	for _, gid := range append([]int{e.user.GID}, e.user.Groups...) {
		if _, ok := outside(g.gids, gid); !ok {
			return fmt.Errorf("user %.60q, group %.60q has group %d, which the container's idmap does not have", e.User, e.Group, gid)
		}
	}
	return nil
}

// outside returns the id on the host.
func outside(ranges []plan.IDRange, id int) (int, bool) {
	for _, r := range ranges {
		if n := id - int(r.Inside); n >= 0 && n < int(r.Count) {
			return int(r.Outside) + n, true
		}
	}
	return 0, false
}

// environment returns init's environment with the user's and the caller's variables. A later one replaces an earlier
// one of the same name.
func environment(init []string, user, home string, more []string) []string {
	all := append([]string(nil), init...)
	if user != "" {
		if home == "" {
			home = "/"
		}
		all = append(all, "HOME="+home)
	}
	var out []string
	at := map[string]int{}
	for _, v := range append(all, more...) {
		name, _, _ := strings.Cut(v, "=")
		if i, ok := at[name]; ok {
			out[i] = v
			continue
		}
		at[name] = len(out)
		out = append(out, v)
	}
	return out
}

// statusOf returns the exit status that a shell has for a command that was not executed.
func statusOf(err error) uint32 {
	if refused, ok := errors.AsType[*enter.Refused](err); ok {
		return uint32(refused.Status)
	}
	return enter.StatusCannot
}
