package guest

import "strings"

// Release is what a system says of itself, by the names in os-release(5).
type Release map[string]string

// ParseRelease reads an os-release file. It leaves out what is no assignment, as all readers shall.
func ParseRelease(text string) Release {
	r := Release{}
	for line := range strings.Lines(text) {
		name, value, is := strings.Cut(strings.TrimSpace(line), "=")
		if is && name != "" && !strings.HasPrefix(name, "#") && !strings.ContainsAny(name, " \t") {
			r[name] = unquote(value)
		}
	}
	return r
}

// unquote takes the shell's quotes away. Backslashes hold in double quotes and outside of quotes.
func unquote(s string) string {
	if n := len(s); n >= 2 && s[0] == '\'' && s[n-1] == '\'' {
		return s[1 : n-1]
	}
	if n := len(s); n >= 2 && s[0] == '"' && s[n-1] == '"' {
		s = s[1 : n-1]
	}
	if !strings.Contains(s, `\`) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		out.WriteByte(s[i])
	}
	return out.String()
}
