//go:build vm

package vm

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/berthd/berth/internal/client"
)

const anyContainer = "system_u:system_r:container_t:s0:c1,c2"

// startLabelled makes the root of a container readable to all containers, whatever their categories, and starts it.
func startLabelled(t testing.TB, g *guest) {
	t.Helper()
	g.define(t)
	run(t, "chcon", "-R", "system_u:object_r:container_file_t:s0", g.root)
	run(t, "berthctl", "start", g.Name)
}

// property is a text of a container on the bus.
func property(t testing.TB, name, property string) string {
	t.Helper()
	text := run(t, "berthctl", "dominfo", name, "--json")
	found := regexp.MustCompile(`"` + property + `": (?:"([^"]*)"|null)`).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("no %s in %s", property, text)
	}
	return found[1]
}

// labelOf is the label of a process.
func labelOf(t testing.TB, pid string) string {
	t.Helper()
	text, err := os.ReadFile("/proc/" + pid + "/attr/current")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimRight(string(text), "\x00\n")
}

const dynamic = "<memory unit='MiB'>64</memory><seclabel type='dynamic' model='selinux'/>"

var pair = regexp.MustCompile(`:s0:c\d+,c\d+$`)

// TestDynamicLabels: each of two containers has a label with a pair of its own, on its processes, on the commands that
// are executed in it later, and on what is mounted for it; the properties, dominfo, the live XML and the audit log have
// the same. It outlives a killed daemon, and a third container gets another pair.
func TestDynamicLabels(t *testing.T) {
	ram := "<filesystem type='ram'><source usage='1024' units='KiB'/><target dir='/ram'/></filesystem>"
	var all []*guest
	labels := map[string]bool{}
	check := func(g *guest) {
		t.Helper()
		label, files := property(t, g.Name, "security_label"), property(t, g.Name, "image_label")
		level := pair.FindString(label)
		if label != "system_u:system_r:container_t"+level || files != "system_u:object_r:container_file_t"+level || level == "" {
			t.Errorf("%s has %s and %s", g.Name, label, files)
		}
		if got := labelOf(t, g.leader(t)); got != label {
			t.Errorf("init of %s has %s, not %s", g.Name, got, label)
		}
		if got := run(t, "berthctl", "exec", g.Name, "--", "/bin/cat", "/proc/self/attr/current"); strings.TrimRight(got, "\x00") != label {
			t.Errorf("a command in %s has %q, not %s", g.Name, got, label)
		}
		if got := run(t, "berthctl", "lxc-enter-namespace", g.Name, "--noseclabel", "--", "/bin/cat", "/proc/self/attr/current"); strings.Contains(got, "container_t") {
			t.Errorf("a command in %s without its label has %q", g.Name, got)
		}
		mounts := run(t, "cat", "/proc/"+g.leader(t)+"/mounts")
		for _, at := range []string{"/dev", "/dev/pts", "/dev/shm", "/ram", "/proc/meminfo"} {
			if !regexp.MustCompile(" " + at + ` \S+ \S*context="?` + regexp.QuoteMeta(files)).MatchString(mounts) {
				t.Errorf("%s of %s has another label:\n%s", at, g.Name, mounts)
			}
		}
		labels[label] = true
	}
	for _, name := range []string{"one", "two"} {
		g := &guest{Name: name, More: dynamic, Devs: ram}
		startLabelled(t, g)
		all = append(all, g)
		check(g)
	}
	one := property(t, "one", "security_label")
	if got := run(t, "berthctl", "dominfo", "one"); !strings.Contains(got, "Security label: "+one+" (enforcing)\n") {
		t.Errorf("dominfo: %s", got)
	}
	if got := run(t, "berthctl", "dumpxml", "one"); !strings.Contains(got, "<label>"+one+"</label>") {
		t.Errorf("dumpxml: %s", got)
	}
	run(t, "systemctl", "kill", "--kill-whom=main", "--signal=KILL", "berthd.service")
	run(t, "systemctl", "restart", "berthd.service")
	for _, g := range all {
		if got := labelOf(t, g.leader(t)); !labels[got] || property(t, g.Name, "security_label") != got {
			t.Errorf("after the daemon was killed, %s has %s", g.Name, got)
		}
	}
	third := &guest{Name: "labelthree", More: dynamic, Devs: ram}
	startLabelled(t, third)
	check(third)
	if len(labels) != 3 {
		t.Errorf("the labels are %v", labels)
	}
	got := records(t, "labelthree", "op=exec")
	compare(t, got[:1], pattern(t, `"labelthree"`, []string{
		`VIRT_MACHINE_ID virt=lxc VM vm-ctx=` + property(t, "labelthree", "security_label") + ` img-ctx=` + property(t, "labelthree", "image_label") + ` model=selinux`,
	}))
	run(t, "berthctl", "destroy", "one")
	if got := property(t, "one", "security_label"); got != "" {
		t.Errorf("after its end one has %s", got)
	}
}

// TestLabelsKeepApart: a container with a label reads neither files with the label of another one nor files of the
// host, though it runs as root without a user namespace and gets them mounted; nor does a command in it. One without a
// label can.
func TestLabelsKeepApart(t *testing.T) {
	other := &guest{Name: "other", More: dynamic}
	startLabelled(t, other)
	dir := t.TempDir()
	for name, label := range map[string]string{
		"theirs": property(t, "other", "image_label"), "host": "system_u:object_r:etc_t:s0",
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte("secret"), 0o644); err != nil {
			t.Fatal(err)
		}
		run(t, "chcon", label, file)
	}
	mount := "<filesystem type='mount'><source dir='" + dir + "'/><target dir='/mnt'/></filesystem>"
	open := &guest{Name: "open", More: "<memory unit='MiB'>64</memory><seclabel type='none'/>", Devs: mount}
	startLabelled(t, open)
	confined := &guest{Name: "confined", More: dynamic, Devs: mount}
	startLabelled(t, confined)
	for _, name := range []string{"theirs", "host"} {
		if r := try(t, "berthctl", "exec", "open", "--", "/bin/cat", "/mnt/"+name); r.Out != "secret" {
			t.Errorf("without a label, %s: %+v", name, r)
		}
		if r := try(t, "berthctl", "exec", "confined", "--", "/bin/cat", "/mnt/"+name); r.Status == 0 || !strings.Contains(r.Err, "Permission denied") {
			t.Errorf("with a label, %s: %+v", name, r)
		}
	}
}

// TestStaticLabel: a container has the label of its definition.
func TestStaticLabel(t *testing.T) {
	const label = "system_u:system_r:container_t:s0:c3,c4"
	g := &guest{Name: "static", More: "<memory unit='MiB'>64</memory><seclabel type='static' model='selinux'><label>" + label + "</label></seclabel>"}
	startLabelled(t, g)
	if got := labelOf(t, g.leader(t)); got != label || property(t, g.Name, "security_label") != label {
		t.Errorf("init has %s", got)
	}
	if got := property(t, g.Name, "image_label"); got != "system_u:object_r:container_file_t:s0:c3,c4" {
		t.Errorf("its files have %s", got)
	}
}

// TestRefusedLabels: a label that the policy does not have is refused with the definition, or at the start if it is
// made then; one that lets nobody execute init fails the start. Each error says which, and nothing is left.
func TestRefusedLabels(t *testing.T) {
	const memory = "<memory unit='MiB'>64</memory>"
	file := filepath.Join(t.TempDir(), "bad.xml")
	xml := "<domain type='lxc'><name>bad</name>" + memory + "<os><type>exe</type><init>/bin/sh</init></os>" +
		"<seclabel type='static' model='selinux'><label>system_u:system_r:nosuch_t:s0</label></seclabel></domain>"
	if err := os.WriteFile(file, []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"define", "create"} {
		if r := try(t, "berthctl", verb, file); r.Status == 0 || !strings.Contains(r.Err, "domain/seclabel/label: the policy of SELinux has no context 'system_u:system_r:nosuch_t:s0'") {
			t.Errorf("%s: %+v", verb, r)
		}
	}
	for name, tc := range map[string]struct{ label, want string }{
		"no such type":   {"<seclabel model='selinux'><baselabel>system_u:system_r:nosuch_t:s0</baselabel></seclabel>", "which comes from <baselabel>"},
		"no base":        {"<seclabel model='selinux'><baselabel>nosuch</baselabel></seclabel>", "'nosuch' is no SELinux context"},
		"another model":  {"<seclabel model='apparmor'><baselabel>a:b:c</baselabel></seclabel>", "no labels of the model 'apparmor'"},
		"denied program": {"<seclabel type='static' model='selinux'><label>" + anyContainer + "</label></seclabel>", "with the label " + anyContainer + " the security policy of the host may deny it"},
	} {
		t.Run(name, func(t *testing.T) {
			g := &guest{Name: "refused", More: memory + tc.label}
			g.define(t)
			run(t, "chcon", "-R", "system_u:object_r:container_file_t:s0", g.root)
			run(t, "chcon", "system_u:object_r:etc_t:s0", g.root+"/bin/busybox")
			if r := try(t, "berthctl", "start", g.Name); r.Status == 0 || !strings.Contains(r.Err, tc.want) {
				t.Errorf("%+v", r)
			}
			if got := run(t, "machinectl", "list", "--no-legend"); got != "" {
				t.Errorf("left behind: %s", got)
			}
		})
	}
}

// TestConfinementOfBerthConf: DefaultConfined= gives a label to a container without <seclabel>, and RequireConfined=
// lets none start without a label.
func TestConfinementOfBerthConf(t *testing.T) {
	const file = "/etc/berth/berth.conf.d/labels.conf"
	conf := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte("[Container]\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, "systemctl", "restart", "berthd")
	}
	t.Cleanup(func() {
		_ = os.Remove(file)
		run(t, "systemctl", "restart", "berthd")
	})
	g := &guest{Name: "silent", More: "<memory unit='MiB'>64</memory>"}
	none := &guest{Name: "none", More: "<memory unit='MiB'>64</memory><seclabel type='none'/>"}
	none.define(t)
	conf("DefaultConfined=yes\nRequireConfined=yes\n")
	startLabelled(t, g)
	if got := labelOf(t, g.leader(t)); !strings.Contains(got, ":container_t:s0:c") {
		t.Errorf("init has %s", got)
	}
	run(t, "berthctl", "destroy", g.Name)
	for name, want := range map[string]string{"none": "RequireConfined=yes", "silent": "no <seclabel>"} {
		if name == "silent" {
			conf("RequireConfined=yes\n")
		}
		if r := try(t, "berthctl", "start", name); r.Status == 0 || !strings.Contains(r.Err, want) {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestLabelledStart: a start with a label takes half as long again as one without, at most, by the best of starts that
// take turns (STARTS=100 for more of them). The processor is emulated, and other work on the machine counts: the log
// has the medians, too.
func TestLabelledStart(t *testing.T) {
	rounds := 10
	if text := os.Getenv("STARTS"); text != "" {
		rounds = number(text)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rounds)*10*time.Second)
	defer cancel()
	c, err := client.Connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	kinds, took, paths := []string{"plain", "label"}, map[string][]time.Duration{}, map[string]client.Path{}
	for i, label := range []string{"<seclabel type='none'/>", "<seclabel model='selinux'/>"} {
		g := &guest{Name: kinds[i], More: "<memory unit='MiB'>64</memory>" + label}
		startLabelled(t, g)
		path, err := c.ByName(ctx, g.Name)
		if err == nil {
			err = c.Destroy(ctx, path)
		}
		if err != nil {
			t.Fatal(err)
		}
		paths[g.Name] = path
	}
	for range rounds {
		for _, name := range kinds {
			begin := time.Now()
			if err := c.Start(ctx, paths[name]); err != nil {
				t.Fatal(err)
			}
			took[name] = append(took[name], time.Since(begin))
			if err := c.Destroy(ctx, paths[name]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, times := range took {
		slices.Sort(times)
	}
	plain, label := took["plain"], took["label"]
	t.Logf("%d starts of each: at best %v without a label, %v with one; median %v, %v", rounds, plain[0], label[0], plain[rounds/2], label[rounds/2])
	if label[0] > plain[0]*3/2 {
		t.Errorf("a start takes %v without a label and %v with one", plain[0], label[0])
	}
}
