//go:build nest

package nest

import (
	"crypto/sha256"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// ours are the programs that Berth has on the host.
var ours = []string{"/usr/sbin/berthd", "/usr/bin/berthctl", "/usr/libexec/berth/berth-supervisor"}

// sums are their contents.
func sums(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, program := range ours {
		text, err := os.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s %x\n", program, sha256.Sum256(text))
	}
	return all.String()
}

// TestInitReachesForOurProgram: no init gets at the program of whoever executes it, and none changes a
// program that it can reach by /proc (CVE-2019-5736). Package launch tests the copy itself.
func TestInitReachesForOurProgram(t *testing.T) {
	clean(t)
	before := sums(t)
	refused := func(name, init string, prepare func(root string)) {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := guest{Name: "web", Root: busybox(t), Init: init}
			prepare(g.Root)
			r := try(t, "berthctl", "create", g.file(t))
			t.Cleanup(func() { try(t, "berthctl", "destroy", "web") })
			if r.Status != 1 || !strings.Contains(r.Err, init) {
				t.Errorf("%+v", r)
			}
		})
	}
	refused("init is its program", "/proc/self/exe", func(string) {})
	refused("init is the program of 1", "/proc/1/exe", func(string) {})
	refused("init is a link to it", "/init", func(root string) { replace(t, "/proc/self/exe", filepath.Join(root, "init")) })
	refused("init is a descriptor", "/proc/self/fd/3", func(string) {})
	t.Run("interpreter is its program", func(t *testing.T) {
		clean(t)
		g := guest{Name: "web", Root: busybox(t), Init: "/init"}
		if err := os.WriteFile(filepath.Join(g.Root, "init"), []byte("#!/proc/self/exe\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		g.define(t)
		run(t, "berthctl", "start", "web") // what is executed then is the container's affair, and confined
		eventually(t, func() error {
			if i := info(t, "web"); i.State != "shutoff" {
				return fmt.Errorf("it is %s: %s", i.State, run(t, "berthctl", "console-log", "web"))
			}
			return nil
		})
	})
	for name, more := range map[string]string{plain: "", userns: idmap} {
		t.Run("what is in reach, "+name, func(t *testing.T) {
			clean(t)
			got := tell(t, guest{Name: "web", Root: busybox(t), More: more}, `for p in /proc/[0-9]*; do readlink $p/exe; grep -h -e berth -e memfd $p/maps $p/comm; [ -e $p/exe ] && echo evil 2>/dev/null >> $p/exe; done | sort -u`)
			if got != "/bin/busybox" {
				t.Errorf("besides its own program it sees %q", got)
			}
		})
	}
	if after := sums(t); after != before {
		t.Errorf("the programs were\n%s\nand are\n%s", before, after)
	}
}

// TestInitReachesForOurDescriptors: init has three descriptors, all its console, and its own directory and
// root. It can ask for no descriptor as its directory (CVE-2024-21626, CVE-2016-9962).
func TestInitReachesForOurDescriptors(t *testing.T) {
	clean(t)
	for name, more := range map[string]string{plain: "", userns: idmap, privnet: "<features><privnet/></features>"} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			dir := t.TempDir()
			g := guest{Name: "web", Root: busybox(t), More: more, Init: "/bin/ls"}
			g.Args = "<initarg>-l</initarg><initarg>/proc/self/cwd</initarg><initarg>/proc/self/root</initarg><initarg>/proc/self/fd</initarg><initdir>/tmp</initdir>"
			g.Devs = "<filesystem><source dir='" + dir + "'/><target dir='/data'/></filesystem>" // one more that the init stage has
			g.start(t)
			becomes(t, "web", "shutoff/shutdown")
			var links []string
			for line := range strings.SplitSeq(run(t, "berthctl", "console-log", "web"), "\n") {
				if from, to, ok := strings.Cut(strings.TrimSpace(line), " -> "); ok {
					links = append(links, from[strings.LastIndexByte(from, ' ')+1:]+" "+to)
				}
			}
			want := []string{"/proc/self/cwd /tmp", "/proc/self/root /", "0 /dev/pts/0", "1 /dev/pts/0", "2 /dev/pts/0"}
			if diff := cmp.Diff(want, links); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	for _, dir := range []string{"/proc/self/fd/3", "/proc/self/fd/5", "/proc/self/cwd", "/proc/1/root", "/link", "/link/..", "/proc/self/task/1/cwd"} {
		t.Run("initdir"+dir, func(t *testing.T) {
			clean(t)
			g := guest{Name: "web", Root: busybox(t), Init: "/bin/sh", Args: "<initdir>" + dir + "</initdir>"}
			replace(t, "/proc/self/fd/3", filepath.Join(g.Root, "link"))
			r := try(t, "berthctl", "create", g.file(t))
			t.Cleanup(func() { try(t, "berthctl", "destroy", "web") })
			if dir == "/link/.." { // which is /, by name
				if r.Status != 0 {
					t.Errorf("%+v", r)
				}
				return
			}
			if r.Status != 1 || !strings.Contains(r.Err, dir) {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestImageBringsALoader: the program that enters containers has no interpreter and loads no library,
// so that nothing of an image can be loaded into it (CVE-2019-14271).
func TestImageBringsALoader(t *testing.T) {
	const program = "/usr/libexec/berth/berth-supervisor"
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Errorf("%s has an interpreter", program)
		}
	}
	if libraries, err := f.ImportedLibraries(); err != nil || len(libraries) > 0 {
		t.Errorf("%s loads %v, %v", program, libraries, err)
	}
}

// TestImageForgesItsUsers: a passwd of the image that is anything but a good file makes the start
// fail or finds no user, and nobody becomes root by it.
func TestImageForgesItsUsers(t *testing.T) {
	clean(t)
	lines := func(text string) func(string) error {
		return func(p string) error { return os.WriteFile(p, []byte(text+"\n"), 0o600) }
	}
	for name, c := range map[string]struct {
		make func(passwd string) error
		want string // "" is a start, of user 1000
	}{
		"passwd is a FIFO":           {func(p string) error { return unix.Mkfifo(p, 0o666) }, "/etc/passwd"},
		"passwd is a link to memory": {func(p string) error { return os.Symlink("/proc/self/mem", p) }, "guest"},
		"passwd is a link outside":   {func(p string) error { return os.Symlink("../../../../../../../etc/shadow", p) }, "guest"},
		"passwd is a magic link":     {func(p string) error { return os.Symlink("/proc/self/fd/3", p) }, "/etc/passwd"},
		"passwd is a terminal":       {func(p string) error { return os.Symlink("/dev/console", p) }, "/etc/passwd"},
		"passwd is a device":         {func(p string) error { return unix.Mknod(p, unix.S_IFCHR|0o666, int(unix.Mkdev(1, 5))) }, "/etc/passwd"},
		"passwd is a directory":      {func(p string) error { return os.Mkdir(p, 0o755) }, "/etc/passwd"},
		"passwd is garbage": {func(p string) error {
			return os.WriteFile(p, []byte(strings.Repeat("\x00:guest::x:::\n", 1000)), 0o600)
		}, "guest"},
		"user's number is a word":       {lines("guest:x:abc:1000::/:"), `inituser "guest"`}, // which is no 0
		"user's number is too large":    {lines("guest:x:4294967296:1000::/:"), `inituser "guest"`},
		"user's group is a word":        {lines("guest:x:1000:abc::/:"), `inituser "guest"`},
		"user has no number":            {lines("guest"), `inituser "guest"`},
		"user comes again, and sounder": {lines("guest:x:abc:0::/:\nguest:x:1000:1000::/:"), ""},
		"passwd is good":                {lines("guest:x:1000:1000::/:/bin/sh"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := sleeper(t, "web")
			g.Args = "<inituser>guest</inituser>"
			passwd := filepath.Join(g.Root, "etc/passwd")
			if err := os.Remove(passwd); err != nil {
				t.Fatal(err)
			}
			if err := c.make(passwd); err != nil {
				t.Fatal(err)
			}
			r := try(t, "berthctl", "create", g.file(t))
			t.Cleanup(func() { try(t, "berthctl", "destroy", "web") })
			if (r.Status == 0) != (c.want == "") || !strings.Contains(r.Err, c.want) {
				t.Errorf("%+v, want %q", r, c.want)
			}
			if r.Status != 0 || c.want != "" {
				return
			}
			status, err := os.ReadFile(proc(int(info(t, "web").Leader), "status"))
			if err != nil || !strings.Contains(string(status), "\nUid:\t1000\t1000\t1000\t1000\n") {
				t.Errorf("it runs as\n%s, %v", status, err)
			}
		})
	}
}
