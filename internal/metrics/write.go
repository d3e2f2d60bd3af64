package metrics

import (
	"io"
	"maps"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/berthd/berth/internal/figures"
)

// Format is the format of the text.
type Format int

// The formats. They differ in the head of a counter and in the last line.
const (
	Text        Format = iota // Prometheus's own, version 0.0.4; the one that promtool and textfile collectors read
	OpenMetrics               // version 1.0.0
)

// ContentType is the media type of a format.
func (f Format) ContentType() string {
	if f == OpenMetrics {
		return "application/openmetrics-text; version=1.0.0; charset=utf-8"
	}
	return "text/plain; version=0.0.4; charset=utf-8"
}

// Daemon has the metrics of the daemon.
type Daemon struct {
	Version   string
	GoVersion string
	Totals    Lives    // of all containers since the daemon was started
	States    []Count  // how many containers are in each state
	Stops     []string // all reasons for a stop
}

// Count is a number of containers.
type Count struct {
	State string
	N     int
}

// Lives counts what has happened to containers since the daemon was started.
type Lives struct {
	Starts, Failures uint64
	Stops            map[string]uint64 // by reason
}

// Copy returns a copy that shares nothing.
func (l Lives) Copy() Lives {
	l.Stops = maps.Clone(l.Stops)
	return l
}

// Container has the metrics of one container.
type Container struct {
	Name, UUID, Machine, State string
	Persistent                 bool
	Lives                      Lives
	Figures                    *figures.Figures
}

// chunk is how much text is written at once, more or less.
const chunk = 64 << 10

// writer collects text and writes it in chunks.
type writer struct {
	to     io.Writer
	format Format
	b      []byte
	err    error
}

// Write writes the metrics of all containers. It stops at the first error of w.
func Write(w io.Writer, format Format, d Daemon, list []Container) error {
	out := &writer{to: w, format: format, b: make([]byte, 0, chunk+chunk/8)}
	out.daemon(d)
	labels := make([]string, len(list))
	for i := range list {
		labels[i] = `{name="` + escape(list[i].Name) + `",uuid="` + escape(list[i].UUID) + `"`
	}
	out.lives(d, list, labels)
	for _, f := range figureFamilies() {
		out.head(&f.family, container)
		for i := range list {
			if value, known := list[i].Figures.Get(f.figure); known {
				out.value(&f.family, container, labels[i], value)
			}
		}
	}
	for _, f := range deviceFamilies() {
		out.head(&f.family, container)
		for i := range list {
			for n := range list[i].Figures.Block {
				device := &list[i].Figures.Block[n]
				out.value(&f.family, container, labels[i], f.value(device), `,device="`, escape(device.Name), `"`)
			}
		}
	}
	for _, f := range interfaceFamilies() {
		out.head(&f.family, container)
		for i := range list {
			for n := range list[i].Figures.Interfaces {
				link := &list[i].Figures.Interfaces[n]
				out.value(&f.family, container, labels[i], f.value(link), `,device="`, escape(link.Name), `"`)
			}
		}
	}
	if format == OpenMetrics {
		out.b = append(out.b, "# EOF\n"...)
	}
	out.flush(0)
	return out.err
}

// daemon writes the metrics that no container has.
func (w *writer) daemon(d Daemon) {
	w.one(family{"build_info", gauge, plain, "The version of berthd, as labels of a 1."},
		`{version="`+escape(d.Version)+`",goversion="`+escape(d.GoVersion)+`"`, 1)
	f := family{"containers", gauge, plain, "Containers in each state."}
	w.head(&f, daemon)
	for _, c := range d.States {
		w.value(&f, daemon, `{state="`+c.State+`"`, uint64(c.N))
	}
	w.one(family{"starts", counter, plain, "Starts of all containers since berthd was started."}, "", d.Totals.Starts)
	w.one(family{"start_failures", counter, plain, "Starts that failed since berthd was started."}, "", d.Totals.Failures)
	f = family{"stops", counter, plain, "Stops of all containers since berthd was started, by reason."}
	w.head(&f, daemon)
	for _, reason := range d.Stops {
		w.value(&f, daemon, `{reason="`+reason+`"`, d.Totals.Stops[reason])
	}
}

// The names of all other metrics begin so.
const daemon = "berth_"

// one writes a metric with one value.
func (w *writer) one(f family, labels string, value uint64) {
	w.head(&f, daemon)
	w.value(&f, daemon, labels, value)
}

// lives writes the states of containers and what has happened to them.
func (w *writer) lives(d Daemon, list []Container, labels []string) {
	f := family{"info", gauge, plain, "What a container is, as labels of a 1."}
	w.head(&f, container)
	for i := range list {
		c := &list[i]
		w.value(&f, container, labels[i], 1, `,machine="`, escape(c.Machine), `",persistent="`, strconv.FormatBool(c.Persistent), `"`)
	}
	f = family{"state", gauge, plain, "1 for the state that a container is in, and 0 for the others."}
	w.head(&f, container)
	for i := range list {
		for _, s := range d.States {
			is := uint64(0)
			if list[i].State == s.State {
				is = 1
			}
			w.value(&f, container, labels[i], is, `,state="`, s.State, `"`)
		}
	}
	w.each(family{"starts", counter, plain, "Starts of the container since berthd was started, reboots included."}, list, labels,
		func(l *Lives) uint64 { return l.Starts })
	w.each(family{"start_failures", counter, plain, "Starts of the container that failed since berthd was started."}, list, labels,
		func(l *Lives) uint64 { return l.Failures })
	f = family{"stops", counter, plain, "Stops of the container since berthd was started, by reason; absent until one has happened."}
	w.head(&f, container)
	for i := range list {
		for _, reason := range d.Stops {
			if n := list[i].Lives.Stops[reason]; n > 0 {
				w.value(&f, container, labels[i], n, `,reason="`, reason, `"`)
			}
		}
	}
}

func (w *writer) each(f family, list []Container, labels []string, value func(*Lives) uint64) {
	w.head(&f, container)
	for i := range list {
		w.value(&f, container, labels[i], value(&list[i].Lives))
	}
}

// head writes what stands above the values of a metric. OpenMetrics names a counter without _total there.
func (w *writer) head(f *family, prefix string) {
	name := prefix + f.sample()
	if w.format == OpenMetrics {
		name = prefix + f.name
	}
	w.b = append(w.b, "# HELP "+name+" "+f.help+"\n# TYPE "+name+" "+string(f.kind)+"\n"...)
	w.flush(chunk)
}

// value writes one value. labels and more have everything but the last brace; "" is none.
func (w *writer) value(f *family, prefix, labels string, value uint64, more ...string) {
	w.b = append(w.b, prefix...)
	w.b = append(w.b, f.sample()...)
	if labels != "" {
		w.b = append(w.b, labels...)
		for _, text := range more {
			w.b = append(w.b, text...)
		}
		w.b = append(w.b, '}')
	}
	w.b = append(w.b, ' ')
	w.b = f.unit.append(w.b, value)
	w.b = append(w.b, '\n')
	w.flush(chunk)
}

// flush writes the text if there is more than so much.
func (w *writer) flush(most int) {
	if len(w.b) <= most {
		return
	}
	if w.err == nil {
		_, w.err = w.to.Write(w.b)
	}
	w.b = w.b[:0]
}

// append writes a value in its unit. Microseconds become seconds digit by digit: a float would round.
func (u unit) append(b []byte, value uint64) []byte {
	const million = 1_000_000
	if u != microseconds {
		return strconv.AppendUint(b, value, 10)
	}
	b = strconv.AppendUint(b, value/million, 10)
	if rest := value % million; rest > 0 {
		digits := strconv.FormatUint(rest+million, 10)[1:]
		b = append(append(b, '.'), strings.TrimRight(digits, "0")...)
	}
	return b
}

// escape makes a text the value of a label.
func escape(text string) string {
	if utf8.ValidString(text) && !strings.ContainsAny(text, "\\\"\n") {
		return text // nearly always, and there are thousands
	}
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(text, "\uFFFD"))
}
