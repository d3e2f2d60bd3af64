package selinux

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// Driver says which labels are wanted.
type Driver string

// The drivers. DriverAuto takes SELinux where it is.
const (
	DriverAuto    Driver = "auto"
	DriverSELinux Driver = "selinux"
	DriverNone    Driver = "none"
)

// Options is what Labels is made of.
type Options struct {
	Driver Driver
	Kernel Kernel
	Etc    string // the directory of the policies, /etc/selinux
	Proc   string // /proc
	Random func(n int) int
	Now    func() time.Time
	Log    *slog.Logger
	// AppArmor says that the host confines with AppArmor, for the log.
	AppArmor bool
}

// Labels makes labels.
type Labels struct {
	o       Options
	file    string // lxc_contexts
	missing error
	own     context
	span    categories
	others  others

	mu   sync.Mutex
	used map[string]int // levels, and how many runs have each: earlier daemons' runs may have one twice
}

// New looks at the host, and writes one line to the log about what it has.
func New(o Options) *Labels {
	if o.Random == nil {
		o.Random = rand.IntN
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Labels{o: o, used: map[string]int{}, others: others{proc: o.Proc, now: o.Now, read: label}}
	l.missing = l.probe()
	switch {
	case l.missing == nil:
		o.Log.Info("containers get labels of SELinux", "contexts", l.file, "enforcing", o.Kernel.Enforcing(), "pairs", l.span.pairs())
	case o.Driver == DriverSELinux:
		o.Log.Error("no container can start: SecurityDriver=selinux", "err", l.missing)
	case o.AppArmor:
		o.Log.Info("containers get no security labels, and run with the AppArmor profile of berthd, if that has one", "why", l.missing)
	default:
		o.Log.Info("containers get no security labels", "why", l.missing)
	}
	return l
}

// probe returns why there are no labels.
func (l *Labels) probe() (err error) {
	if l.o.Driver == DriverNone {
		return errors.New("berth.conf has SecurityDriver=none")
	}
	if !l.o.Kernel.Enabled() {
		return errors.New("the kernel has no SELinux, or it is switched off")
	}
	if l.file, err = contextsFile(l.o.Etc); err != nil {
		return fmt.Errorf("the policy of SELinux: %w", err)
	}
	if _, err = readContexts(l.file); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the policy of SELinux has no contexts of containers: %w", err)
		}
		return err
	}
	text, err := l.o.Kernel.Current()
	if err != nil {
		return err
	}
	if l.own, err = parse(text); err != nil {
		return err
	}
	l.span, err = rangeOf(l.own.level)
	return err
}

// Model is the model of this host's labels.
func (l *Labels) Model() string {
	if l.missing != nil {
		return domain.ModelNone
	}
	return domain.ModelSELinux
}

// Missing returns why there are no labels.
func (l *Labels) Missing() error { return l.missing }

// Required reports whether berth.conf wants labels of SELinux and nothing else.
func (l *Labels) Required() bool { return l.o.Driver == DriverSELinux }

// Base returns the policy's context of containers.
func (l *Labels) Base() string {
	if l.missing != nil {
		return ""
	}
	c, err := readContexts(l.file)
	if err != nil {
		return ""
	}
	return c.process.String()
}

// Enforcing reports whether the policy is enforced.
func (l *Labels) Enforcing() bool { return l.missing == nil && l.o.Kernel.Enforcing() }

// Dynamic makes a label with a pair of categories that nobody has.
func (l *Labels) Dynamic(base string) (service.Label, error) {
	c, err := readContexts(l.file) // a policy may have been installed meanwhile
	if err != nil {
		return service.Label{}, err
	}
	from := c.file
	if base != "" {
		if c.process, err = parse(base); err != nil {
			return service.Label{}, fmt.Errorf("<baselabel>: %w", err)
		}
		from = "<baselabel>"
	}
	level, err := l.take()
	if err != nil {
		return service.Label{}, err
	}
	made := service.Label{
		Model: domain.ModelSELinux, Type: domain.LabelDynamic,
		Process: c.process.process(l.own, level).String(), Files: c.object.object(l.own, level).String(),
	}
	checked, err := l.checked(made, from, c.file)
	if err != nil {
		l.Release(made)
	}
	return checked, err
}

// take returns a level that nobody has, and keeps it. If all are in use, it looks whether they still are.
func (l *Labels) take() (string, error) {
	level, err := l.takeBeside(l.others.take(false))
	if err != nil {
		level, err = l.takeBeside(l.others.take(true))
	}
	return level, err
}

func (l *Labels) takeBeside(others map[string]bool, hidden bool) (string, error) {
	if hidden {
		l.o.Log.Warn("other processes may have the categories of a container: the policy of SELinux hides labels from berthd")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	level, err := l.span.free(l.o.Random, func(level string) bool { return others[level] || l.used[level] > 0 })
	if err == nil {
		l.used[level]++
	}
	return level, err
}

// Static makes the label of files with the level of a process. No dynamic label gets its pair while it is in use;
// another static one may have the same.
func (l *Labels) Static(process string) (service.Label, error) {
	label, err := parse(process)
	if err != nil {
		return service.Label{}, err
	}
	c, err := readContexts(l.file)
	if err != nil {
		return service.Label{}, err
	}
	made, err := l.checked(service.Label{
		Model: domain.ModelSELinux, Type: domain.LabelStatic,
		Process: process, Files: c.object.object(l.own, low(label.level)).String(),
	}, "<seclabel>", c.file)
	if err == nil {
		l.Reserve(made)
	}
	return made, err
}

// Check returns an error if the policy does not have a label. Without a policy it returns none: whoever starts the
// container hears of that.
func (l *Labels) Check(process string) error {
	if l.missing != nil {
		return nil
	}
	_, err := l.canonical(process, "<seclabel>")
	return err
}

// checked returns a label as the kernel writes it: it is compared with what the kernel says of init. It returns an
// error if the policy does not have it.
func (l *Labels) checked(label service.Label, process, files string) (_ service.Label, err error) {
	if label.Process, err = l.canonical(label.Process, process); err != nil {
		return service.Label{}, err
	}
	if label.Files, err = l.canonical(label.Files, files); err != nil {
		return service.Label{}, err
	}
	return label, nil
}

func (l *Labels) canonical(label, from string) (string, error) {
	text, err := l.o.Kernel.Canonical(label)
	if err != nil {
		return "", fmt.Errorf("the policy of SELinux has no context '%.200s', which comes from %s: %w", label, from, err)
	}
	return text, nil
}

// Reserve keeps the level of a label.
func (l *Labels) Reserve(label service.Label) {
	if level := levelOf(label); level != "" {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.used[level]++
	}
}

// Release gives the level of a label back.
func (l *Labels) Release(label service.Label) {
	level := levelOf(label)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.used[level]--; l.used[level] <= 0 {
		delete(l.used, level)
	}
}

// levelOf returns the level that a label keeps from others; "" if it has no categories.
func levelOf(label service.Label) string {
	if c, _ := parse(label.Process); strings.Contains(c.level, ",") {
		return low(c.level)
	}
	return ""
}

// low returns the low end of a range.
func low(level string) string {
	end, _, _ := strings.Cut(level, "-")
	return end
}

// Of returns the label of a process that was started with a dynamic label. That of its files is made of it.
func (l *Labels) Of(pid uint32) service.Label {
	if l.missing != nil {
		return service.Label{}
	}
	text, err := label(l.o.Proc+"/"+strconv.FormatUint(uint64(pid), 10), make([]byte, 4096))
	if err != nil {
		return service.Label{}
	}
	c, err := parse(text)
	if err != nil || !strings.Contains(c.level, ",") {
		return service.Label{}
	}
	made := service.Label{Model: domain.ModelSELinux, Type: domain.LabelDynamic, Process: text}
	if policy, err := readContexts(l.file); err == nil {
		made.Files = policy.object.object(l.own, c.level).String()
	}
	return made
}
