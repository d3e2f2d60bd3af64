package top

import "strconv"

// unitOf ends the name of a column in CSV, where numbers are written in full.
func unitOf(key string) string {
	return map[string]string{
		"read": "_bytes_per_second", "write": "_bytes_per_second", "receive": "_bytes_per_second", "transmit": "_bytes_per_second", "read-ops": "_per_second", "write-ops": "_per_second",
		"cpu": "_percent", "throttled": "_percent", "memory": "_bytes", "memory-share": "_percent", "limit": "_bytes", "swap": "_bytes", "time": "_usec",
	}[key]
}

// CSVHead returns the names of the fields of CSVRows.
func (v *View) CSVHead() []string {
	names := []string{"clock"}
	for _, c := range v.fitting(0) {
		names = append(names, underscored(c.key)+unitOf(c.key))
	}
	return names
}

func underscored(key string) string {
	text := []byte(key)
	for i, c := range text {
		if c == '-' {
			text[i] = '_'
		}
	}
	return string(text)
}

// CSVRows returns the table as rows of fields. A field that is not known is empty.
func (v *View) CSVRows() [][]string {
	columns := v.fitting(0)
	var out [][]string
	for _, r := range v.rows() {
		fields := []string{v.now.Clock}
		for _, c := range columns {
			fields = append(fields, c.field(&r, v.host))
		}
		out = append(out, fields)
	}
	return out
}

func (c *column) field(r *row, h Host) string {
	switch {
	case c.key == "state":
		return r.State
	case c.value == nil:
		return c.text(r)
	}
	value, known := c.value(r, h)
	if !known {
		return ""
	}
	return strconv.FormatFloat(float64(int64(value*1000+0.5))/1000, 'f', -1, 64)
}
