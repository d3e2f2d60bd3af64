package relabel

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/shift"
)

// testBase is the first id of the host by which the trees of tests are shifted.
const testBase = 100000

// The environment of a child: its task, and after how many looks at files it is killed.
const (
	childTask = "BERTH_TEST_RELABEL"
	childEnd  = "BERTH_TEST_KILLED_AT"
)

func TestMain(m *testing.M) {
	if task := os.Getenv(childTask); task != "" {
		if err := child(task, os.Args[1], os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(runTests(m))
}

// child relabels or restores a tree, small batch by small batch.
func child(task, journals, dir string) error {
	r, err := New(journals, attribute(), NewLooks())
	if err != nil {
		return err
	}
	r.batch = 50
	end, err := strconv.ParseUint(os.Getenv(childEnd), 10, 64)
	if err != nil {
		end = math.MaxUint64
	}
	killed := func(p Progress) {
		if p.Files < end {
			return
		}
		// Now, or in the middle of what comes next. On a busy machine that can be all the rest: most kills are awaited.
		time.AfterFunc(time.Duration(end%8)*50*time.Microsecond, func() { _ = unix.Kill(os.Getpid(), unix.SIGKILL) })
		if end%4 != 3 {
			select {}
		}
	}
	switch task {
	case "small":
		// A journal of 8 KiB at most: what is on a full disk ENOSPC is EFBIG here.
		limit := unix.Rlimit{Cur: 8 << 10, Max: 8 << 10}
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
			return err
		}
		fallthrough
	case "relabel":
		_, err = r.Relabel(context.Background(), "web", []Tree{{Path: dir, Label: ours}}, nil, killed)
	case "unshift":
		r.batch = 1
		_, err = r.Unshift(context.Background(), Unshift{Path: dir, Map: shift.From(testBase)}, nil, killed)
	case "restore":
		_, err = r.Restore(context.Background(), "web", killed)
	}
	return err
}

func childCommand(t *testing.T, task string, r *Relabeler, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self, r.dir, dir)
	cmd.Env = append(os.Environ(), childTask+"="+task)
	cmd.Stderr = new(strings.Builder)
	return cmd
}

// TestKilled: a tree whose relabelling or restore is killed at any moment has exactly its own labels after the restore.
// 50 processes are killed, each at a random file; what their other threads do then is random too.
func TestKilled(t *testing.T) {
	t.Parallel()
	r := relabeler(t)
	dir := makeTree(t, 8, 1000)
	before := labels(t, dir)
	random := rand.New(rand.NewPCG(1, 2))
	between := 0
	for range 25 {
		for _, task := range []string{"relabel", "restore"} {
			cmd := childCommand(t, task, r, dir)
			cmd.Env = append(cmd.Env, fmt.Sprint(childEnd, "=", random.IntN(len(before))))
			_ = cmd.Run()
			changed := 0
			now := labels(t, dir)
			for path, label := range now {
				if label != before[path] {
					if changed++; bare(label) != ours {
						t.Fatalf("%q has the label %q", path, label)
					}
				}
			}
			if changed > 0 && changed < len(now) {
				between++
			}
		}
		restore(t, r)
		same(t, before, labels(t, dir))
	}
	if between < 20 {
		t.Errorf("only %d of 50 kills came in the middle", between)
	}
}

// TestNoRoom: when the journal cannot grow, the error says so, and all files have their own labels.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	r := relabeler(t)
	dir := makeTree(t, 9, 2000)
	before := labels(t, dir)
	cmd := childCommand(t, "small", r, dir)
	err := cmd.Run()
	var status *exec.ExitError
	if text := fmt.Sprint(cmd.Stderr); !errors.As(err, &status) || !strings.Contains(text, "save the labels of files: ") || !strings.Contains(text, "file too large") {
		t.Errorf("%v: %s", err, text)
	}
	same(t, before, labels(t, dir))
	if pending, err := r.Pending(); err != nil || len(pending) > 0 {
		t.Errorf("%q are pending: %v", pending, err)
	}
}

// TestSwapped: while others replace directories of the tree by symbolic links that lead out of it, no file outside gets
// a label.
func TestSwapped(t *testing.T) {
	t.Parallel()
	r := relabeler(t)
	r.batch = 32
	dir, outside := makeTree(t, 10, 50), makeTree(t, 11, 50)
	before := labels(t, outside)
	stop, swapped := make(chan struct{}), make(chan int)
	must(t, os.Mkdir(filepath.Join(dir, "real"), 0o755))
	for n := range 50 {
		must(t, os.Mkdir(filepath.Join(dir, "real", fmt.Sprint(n)), 0o755))
		must(t, os.WriteFile(filepath.Join(dir, "real", fmt.Sprint(n), "file"), nil, 0o600))
	}
	must(t, os.Symlink(outside, filepath.Join(dir, "link")))
	must(t, os.Symlink(outside, filepath.Join(dir, "real", "link")))
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				swapped <- n
				return
			default:
			}
			for _, in := range []string{"", "real"} {
				at := filepath.Join(dir, in)
				_ = unix.Renameat2(unix.AT_FDCWD, filepath.Join(at, "link"), unix.AT_FDCWD, filepath.Join(at, map[string]string{"": "real", "real": "7"}[in]), unix.RENAME_EXCHANGE)
			}
		}
	}()
	for range 40 {
		relabel(t, r, Tree{Path: dir, Label: ours})
		restore(t, r)
	}
	close(stop)
	if n := <-swapped; n < 100 {
		t.Errorf("only %d swaps", n)
	}
	same(t, before, labels(t, outside))
}
