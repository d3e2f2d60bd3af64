package top

import (
	"strings"
	"testing"
)

// TestOrder: the rows are in the order of each column, what is not known comes last, and the name decides between
// equals.
func TestOrder(t *testing.T) {
	t.Parallel()
	for by, want := range map[string]string{
		"":         "web db build again größe-名前 old",
		"cpu":      "web db build again größe-名前 old",
		"memory":   "db web again build größe-名前 old",
		"time":     "db web again build größe-名前 old",
		"read":     "db build web again größe-名前 old",
		"receive":  "build web again db größe-名前 old",
		"transmit": "build web again db größe-名前 old",
		"tasks":    "db web again build größe-名前 old",
		"name":     "again build db größe-名前 old web",
		"id":       "again größe-名前 db build web old",
		"state":    "old build again db größe-名前 web",
	} {
		if got := names(view(t, Options{Sort: by})); got != want {
			t.Errorf("by %q: %s, want %s", by, got, want)
		}
	}
	if got := names(view(t, Options{Sort: "cpu", Reverse: true})); got != "build db web again größe-名前 old" {
		t.Errorf("the other way round: %s", got)
	}
}

// TestRates: a container has rates from its second look on, and none across a restart or where a counter went back.
func TestRates(t *testing.T) {
	t.Parallel()
	before, now := fleet()
	before.Containers[0].Figures.Put(ReadBytes, 1<<40)
	for _, r := range rows(&before, &now) {
		value, known := cpuShare(&r, host())
		want, wantKnown := map[string]float64{"web": 50, "db": 7.5, "build": 0}[r.Name]
		if value != want || known != wantKnown {
			t.Errorf("%s uses %v %%, known: %v", r.Name, value, known)
		}
		if r.Name == "web" && r.rated[ReadBytes] {
			t.Error("a counter that went back has a rate")
		}
	}
	for _, same := range []*Look{{}, &now} { // no look before, or one at the same time
		for _, r := range rows(same, &now) {
			if r.rated[CPUUSec] {
				t.Errorf("%s has a rate without time between", r.Name)
			}
		}
	}
}

// TestNeeds: the next look asks for the figures of the shown columns and of the order, and no others.
func TestNeeds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		options Options
		keys    []Key
		want    Kinds
	}{
		"usual":         {Options{}, nil, Of(CPUUSec, Memory, ReadBytes, WriteBytes, ReceiveBytes, TransmitBytes, Tasks)},
		"name only":     {Options{Columns: []string{"name"}}, nil, Of(CPUUSec, Memory)},
		"order":         {Options{Columns: []string{"name"}, Sort: "write"}, nil, Of(CPUUSec, Memory, WriteBytes)},
		"hidden":        {Options{Columns: []string{"name", "tasks"}}, append([]Key{"f", Down, Down, Down, Down, Down, Down, Down, Down, Down, Down, Down, Down, Down, Down, Down, " "}, Enter), Of(CPUUSec, Memory)},
		"shown by keys": {Options{Columns: []string{"name"}}, []Key{"f", Down, Down, " "}, Of(CPUUSec, Memory, ReadBytes)},
	} {
		v := view(t, tc.options)
		press(v, tc.keys...)
		if got := v.Needs(); got != tc.want {
			t.Errorf("%s: %b, want %b", name, got, tc.want)
		}
	}
}

// TestKeys: each key does what the help says, and one that needs other figures asks for a look at once.
func TestKeys(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		options Options
		keys    []Key
		want    Action
		names   string
	}{
		"end":                     {Options{}, []Key{"q"}, Quit, "web db build again größe-名前 old"},
		"interrupt":               {Options{}, []Key{"/", Interrupt}, Quit, "web db build again größe-名前 old"},
		"look":                    {Options{}, []Key{" "}, Refresh, "web db build again größe-名前 old"},
		"by memory":               {Options{}, []Key{"M"}, Redraw, "db web again build größe-名前 old"},
		"by bytes received":       {Options{}, []Key{"X"}, Redraw, "build web again db größe-名前 old"},
		"by bytes sent":           {Options{}, []Key{"Y"}, Redraw, "build web again db größe-名前 old"},
		"by name, turned":         {Options{}, []Key{"N", "r"}, Redraw, "web old größe-名前 db build again"},
		"by a column not shown":   {Options{Columns: []string{"name"}}, []Key{"K"}, Refresh, "db web again build größe-名前 old"},
		"to the right":            {Options{}, []Key{">", ">", ">"}, Redraw, "db web again build größe-名前 old"},
		"to the left, all round":  {Options{}, []Key{"<", "<", "<", "<", "<", "<", "<"}, Redraw, "again build db größe-名前 old web"},
		"filter":                  {Options{}, append(append([]Key{"/"}, typed("GRÖß")...), Enter), Redraw, "größe-名前"},
		"filter, corrected":       {Options{}, []Key{"/", "w", "ß", Backspace, Backspace, Backspace, "d", Enter}, Redraw, "db build old"},
		"filter, given up":        {Options{Filter: "web"}, []Key{"/", "x", Escape}, Redraw, "web"},
		"no filter":               {Options{Filter: "web"}, []Key{Escape}, Redraw, "web db build again größe-名前 old"},
		"active":                  {Options{}, []Key{"a"}, Redraw, "web db build again größe-名前"},
		"all again":               {Options{}, []Key{"a", "a"}, Redraw, "web db build again größe-名前 old"},
		"help and back":           {Options{}, []Key{"h", "q"}, Redraw, "web db build again größe-名前 old"},
		"columns and back":        {Options{}, []Key{"f", "q"}, Redraw, "web db build again größe-名前 old"},
		"order in the columns":    {Options{}, []Key{"f", Down, "s", Enter}, Redraw, "old build again db größe-名前 web"},
		"a key for nothing":       {Options{}, []Key{"x"}, Redraw, "web db build again größe-名前 old"},
		"seconds":                 {Options{}, []Key{"d", "7", Enter}, Refresh, "web db build again größe-名前 old"},
		"seconds that make sense": {Options{}, []Key{"d", "-", "1", Enter}, Redraw, "web db build again größe-名前 old"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := view(t, tc.options)
			v.Lines(80, 24)
			if got := press(v, tc.keys...); got != tc.want {
				t.Errorf("action %d, want %d", got, tc.want)
			}
			if got := names(v); got != tc.names {
				t.Errorf("the rows are %s, want %s", got, tc.names)
			}
			if want := map[string]float64{"seconds": 7}[name]; want != 0 && v.Seconds() != want {
				t.Errorf("%v seconds", v.Seconds())
			}
		})
	}
}

// TestUnknownColumn: a column that does not exist is an error that lists the others.
func TestUnknownColumn(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{Columns: []string{"name", "colour"}}, {Sort: "colour"}} {
		if _, err := New(host(), o); err == nil || !strings.HasPrefix(err.Error(), "there is no column 'colour'; there are id, state, ") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// TestNumbers: numbers fit into their columns, whatever their size.
func TestNumbers(t *testing.T) {
	t.Parallel()
	for value, want := range map[float64]string{
		0: "0", 1: "1", 999: "999", 999.6: "1.0K", 1024: "1.0K", 10_100: "9.9K", 10_240: "10K", 1_000_000: "977K", 1 << 20: "1.0M", 1023 << 20: "1.0G", 1 << 40: "1.0T", 1.8e19: "16E",
	} {
		if got := short(value); got != want {
			t.Errorf("%v is %s, want %s", value, got, want)
		}
	}
	for usec, want := range map[float64]string{0: "0:00.00", 10_000: "0:00.01", 61_230_000: "1:01.23", 3_600_300_000: "60:00.30", 3.6e12: "60000:00.00"} {
		if got := minutes(usec); got != want {
			t.Errorf("%v us is %s, want %s", usec, got, want)
		}
	}
}
