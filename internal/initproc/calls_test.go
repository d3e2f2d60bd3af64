package initproc

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/test/goldenfile"
)

// rehearsal stands for the supervisor. It notes where the stage waits for it.
type rehearsal struct{ calls *born.Rehearsal }

func (r rehearsal) wait(what string) error {
	r.calls.Calls = append(r.calls.Calls, born.Call{Name: "-- " + what})
	return nil
}

func (r rehearsal) AwaitMapped() error   { return r.wait("the sources are mapped and on the shelf") }
func (r rehearsal) AwaitPlaced() error   { return r.wait("init is in its control group") }
func (r rehearsal) AwaitContinue() error { return r.wait("init may be executed") }
func (r rehearsal) Opened([]*os.File, *os.File) error {
	return r.wait("the supervisor has the root and the consoles")
}

// planned returns a plan of package planner's goldens.
func planned(t *testing.T, name string) *plan.Plan {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../planner/testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	p := &plan.Plan{}
	if err := json.Unmarshal(text, p); err != nil {
		t.Fatal(err)
	}
	return p
}

// rehearse carries a plan out without a child, in a root that has init.
func rehearse(t *testing.T, p *plan.Plan) string {
	t.Helper()
	root := t.TempDir()
	init := filepath.Join(root, p.Init.Path)
	if err := os.MkdirAll(filepath.Dir(init), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(init, nil, 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	var files []*os.File
	for i := range 1 + 2*p.Consoles {
		name := os.DevNull
		if i == 0 {
			name = root
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	w, calls := born.Rehearse(files...)
	s := Stage{Plan: p, Worker: w, Supervisor: rehearsal{calls}, Directories: make([]bool, len(p.Sources)), IsDirectory: func(p string) bool { return strings.HasPrefix(p, "/sys/") }, Permitted: ^uint64(0)}
	for i := range s.Directories {
		s.Directories[i] = !strings.HasPrefix(p.Sources[i].Path, "/dev/")
	}
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	for _, f := range files[1:] {
		_ = f.Close()
	}
	return bootIDs.ReplaceAllString(addresses.ReplaceAllString(born.Listing(calls.Calls), "<address>"), "<boot id>")
}

var (
	addresses = regexp.MustCompile(`0x[0-9a-f]{9,}`)
	bootIDs   = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
)

// TestCalls: the calls that a plan becomes, from the clone to the execution of init, are those that were agreed to.
func TestCalls(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"busybox", "idmap-privnet", "host-root-readonly", "filesystems", "devices", "idmap-devices", "labels"} {
		file := filepath.Join("testdata", runtime.GOARCH, name+".golden") // the numbers are those of the architecture
		p := planned(t, strings.Replace(name, "labels", "filesystems", 1))
		if name == "labels" {
			p.Label = plan.Label{Process: "u:r:t:s0:c1,c2", Files: "u:object_r:f:s0:c1,c2", Required: true}
		}
		got := rehearse(t, p)
		goldenfile.Check(t, file, got)
	}
}
