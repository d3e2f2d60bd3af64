package metrics

import (
	"bytes"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/test/goldenfile"
)

// sample is a host with a container of every kind of metric, and one that is off and has an odd name.
func sample() (Daemon, []Container) {
	full := &figures.Figures{}
	for f := range figures.Count {
		full.Put(f, uint64(f)*1_000_001)
	}
	full.AddDevice(figures.Device{Name: "sda", ReadBytes: 1, ReadOperations: 2, WriteBytes: 3, WriteOperations: 4})
	full.AddInterface(figures.Interface{Name: "eth0", Receive: figures.Traffic{Bytes: 5, Packets: 6}, Transmit: figures.Traffic{Drops: 7}})
	d := Daemon{
		Version: "1.2", GoVersion: "go1.26", Totals: Lives{Starts: 3, Failures: 1, Stops: map[string]uint64{"oom": 1}},
		States: []Count{{"running", 1}, {"shutoff", 1}}, Stops: []string{"shutdown", "oom"},
	}
	return d, []Container{
		{Name: "web", UUID: "0-1", Machine: "web", State: "running", Persistent: true, Lives: Lives{Starts: 2, Stops: map[string]uint64{"oom": 1}}, Figures: full},
		{Name: "a\"b\\c\n\xff", UUID: "0-2", Machine: "a-b-c", State: "shutoff", Figures: &figures.Figures{}},
	}
}

func text(t *testing.T, f Format) string {
	t.Helper()
	d, list := sample()
	var out bytes.Buffer
	if err := Write(&out, f, d, list); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestWrite: the text in both formats is that of the goldens.
func TestWrite(t *testing.T) {
	t.Parallel()
	for file, f := range map[string]Format{"testdata/metrics.prom": Text, "testdata/metrics.openmetrics": OpenMetrics} {
		got := text(t, f)
		goldenfile.Check(t, file, got)
	}
}

// TestEveryFigure: each figure is a metric, but for the sums over devices and interfaces and the averages, which
// Prometheus makes itself.
func TestEveryFigure(t *testing.T) {
	t.Parallel()
	have := map[figures.Figure]bool{}
	for _, f := range figureFamilies() {
		if have[f.figure] {
			t.Errorf("%s is two metrics", f.figure)
		}
		have[f.figure] = true
	}
	for f := range figures.Count {
		name := f.String()
		left := strings.HasPrefix(name, "io-read") || strings.HasPrefix(name, "io-write") || strings.HasPrefix(name, "net-") || strings.Contains(name, "avg10")
		if have[f] == left {
			t.Errorf("%s: is a metric: %v", name, have[f])
		}
	}
}

// TestDocumented: docs/metrics.md has each metric by its name, and no other.
func TestDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	want, got := map[string]bool{}, map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+)`).FindAllStringSubmatch(text(t, Text), -1) {
		if want[m[1]] {
			t.Errorf("%s has two heads", m[1])
		}
		want[m[1]] = true
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)`").FindAllStringSubmatch(string(doc), -1) {
		got[m[1]] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/metrics.md (-metrics +documented):\n%s", diff)
	}
}

// broken is a client that reads one chunk.
type broken struct{ writes int }

var errGone = errors.New("gone")

func (b *broken) Write(p []byte) (int, error) {
	if b.writes++; b.writes > 1 {
		return 0, errGone
	}
	return len(p), nil
}

// TestWriteStops: a client that leaves is an error, and nothing more is written to it.
func TestWriteStops(t *testing.T) {
	t.Parallel()
	d, list := sample()
	for range 9 {
		list = append(list, list...)
	}
	b := &broken{}
	if err := Write(b, Text, d, list); !errors.Is(err, errGone) || b.writes != 2 {
		t.Errorf("%v after %d writes", err, b.writes)
	}
}

// BenchmarkWrite: the text of 1,000 containers takes this long.
func BenchmarkWrite(b *testing.B) {
	d, list := sample()
	list = list[:1]
	for len(list) < 1000 {
		list = append(list, list[0])
	}
	for b.Loop() {
		var out counter64
		if err := Write(&out, Text, d, list); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(out))
	}
}

type counter64 int64

func (c *counter64) Write(p []byte) (int, error) {
	*c += counter64(len(p))
	return len(p), nil
}
