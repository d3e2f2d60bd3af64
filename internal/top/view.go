package top

import (
	"fmt"
	"slices"
	"strings"
)

// Options says what a View shows.
type Options struct {
	Columns []string // nil: the usual ones
	Sort    string   // a column; "" is cpu
	Reverse bool
	Filter  string // a part of the names
	Active  bool   // leave out what is shut off
	Seconds float64
}

// View is the table, and what its user has made of it.
type View struct {
	host    Host
	all     []column
	shown   []bool // for each of all
	sort    int
	reverse bool
	filter  string
	active  bool
	seconds float64

	before, now *Look
	failure     string // why the last look failed
	offset      int    // rows that are scrolled away
	page        int    // rows that fitted last
	mode        mode
	typed       string // at a prompt
	cursor      int    // in the list of columns
}

// New returns a view. It returns an error if an option names no column.
func New(h Host, o Options) (*View, error) {
	v := &View{host: h, all: columns(), reverse: o.Reverse, filter: o.Filter, active: o.Active, seconds: o.Seconds}
	v.shown = make([]bool, len(v.all))
	for i, c := range v.all {
		v.shown[i] = c.usual && o.Columns == nil
	}
	for _, key := range o.Columns {
		i, err := v.column(key)
		if err != nil {
			return nil, err
		}
		v.shown[i] = true
	}
	if o.Sort == "" {
		o.Sort = "cpu"
	}
	var err error
	v.sort, err = v.column(o.Sort)
	return v, err
}

// ColumnNames returns the names of all columns.
func ColumnNames() []string {
	var names []string
	for _, c := range columns() {
		names = append(names, c.key)
	}
	return names
}

func (v *View) column(key string) (int, error) {
	i := slices.IndexFunc(v.all, func(c column) bool { return c.key == key })
	if i < 0 {
		return 0, fmt.Errorf("there is no column '%s'; there are %s", key, strings.Join(ColumnNames(), ", "))
	}
	return i, nil
}

// Needs returns the figures that the next look must have: of the columns, of the order, and of the sums above the
// table.
func (v *View) Needs() Kinds {
	needs := Of(CPUUSec, Memory)
	for i, c := range v.all {
		if v.shown[i] || i == v.sort {
			needs |= c.needs
		}
	}
	return needs
}

// Seconds returns the time between two looks.
func (v *View) Seconds() float64 { return v.seconds }

// See enters a look. The one before it is what rates are computed from.
func (v *View) See(l Look) {
	v.before, v.now, v.failure = v.now, &l, ""
	if v.before == nil {
		v.before = &Look{}
	}
}

// Fail enters why there was no look. The table keeps what was seen last.
func (v *View) Fail(text string) { v.failure = text }

// rows returns the rows of the table, in their order.
func (v *View) rows() []row {
	if v.now == nil {
		return nil
	}
	list := slices.DeleteFunc(rows(v.before, v.now), func(r row) bool {
		return v.active && !r.on() || !strings.Contains(strings.ToLower(r.Name), strings.ToLower(v.filter))
	})
	by := v.all[v.sort]
	slices.SortFunc(list, func(a, b row) int { return by.compare(&a, &b, v.host, v.reverse) })
	return list
}

// fitting returns the columns for a width. Those before the name that do not fit are left out, from the right, and last
// the one that the rows are ordered by; 0 is any width.
func (v *View) fitting(width int) []column {
	const leastName = 12
	var list []column
	used := 0
	for i, c := range v.all {
		if v.shown[i] {
			list = append(list, c)
			used += c.width + 1
		}
	}
	for _, ordering := range []bool{false, true} { // the column that the rows are ordered by goes last
		for i := len(list) - 1; i >= 0 && width > 0 && used+leastName > width; i-- {
			if list[i].width > 0 && (list[i].key == v.all[v.sort].key) == ordering {
				used -= list[i].width + 1
				list = slices.Delete(list, i, i+1)
			}
		}
	}
	return list
}
