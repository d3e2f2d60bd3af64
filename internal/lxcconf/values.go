package lxcconf

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/lxcconf/syntax"
)

// arch takes LXC's word or the kernel's for an architecture. The words of libvirt are mostly the kernel's.
func (c *conversion) arch(e syntax.Entry) {
	c.def.OS.Arch = e.Value
	if word, other := map[string]string{
		"x86": "i686", "i386": "i686", "i486": "i686", "i586": "i686", "amd64": "x86_64", "arm64": "aarch64", "armv8l": "armv7l",
		"arm": "armv7l", "armhf": "armv7l", "armel": "armv6l", "powerpc": "ppc", "ppc64el": "ppc64le",
	}[e.Value]; other {
		c.def.OS.Arch = word
	}
	switch e.Value {
	case "linux64": // any of 64 bits, which is the host's
		c.def.OS.Arch = ""
	case "linux32":
		c.def.OS.Arch = ""
		c.warn(e, "the architecture is the host's; <type arch=''/> names one of 32 bits")
	}
	words := []string{
		"i686", "x86_64", "aarch64", "armv7l", "armv6l", "ppc", "ppc64", "ppc64le", "s390", "s390x", "mips", "mipsel", "mips64", "mips64el",
		"riscv64", "loongarch64", "sparc64", "",
	}
	if !slices.Contains(words, c.def.OS.Arch) {
		c.fail(e, "'%.40s' is no architecture", e.Value)
	}
}

// idmap reads KIND CONTAINER HOST COUNT.
func (c *conversion) idmap(e syntax.Entry) {
	words := strings.Fields(e.Value)
	if len(words) == 0 {
		c.def.IDMap = domain.IDMap{}
		return
	}
	if len(words) != 4 || !slices.Contains([]string{"u", "g", "b"}, words[0]) {
		c.fail(e, "'%.60s' is not KIND CONTAINER HOST COUNT, where KIND is u, g or b", e.Value)
		return
	}
	var n [3]uint32
	for i, word := range words[1:] {
		v, err := strconv.ParseUint(word, 10, 32)
		if err != nil {
			c.fail(e, "'%.40s' is not a number of an id", word)
			return
		}
		n[i] = uint32(v)
	}
	r := domain.IDRange{Start: n[0], Target: n[1], Count: n[2]}
	const end = 1<<32 - 1
	if r.Count == 0 || uint64(r.Start)+uint64(r.Count) > end || uint64(r.Target)+uint64(r.Count) > end {
		c.fail(e, "the range has no ids, or goes beyond 32 bits")
		return
	}
	if words[0] != "g" {
		c.def.IDMap.UIDs = append(c.def.IDMap.UIDs, r)
	}
	if words[0] != "u" {
		c.def.IDMap.GIDs = append(c.def.IDMap.GIDs, r)
	}
}

// finishIDMap sorts the ranges, as a definition has them.
func (c *conversion) finishIDMap() {
	for _, list := range [][]domain.IDRange{c.def.IDMap.UIDs, c.def.IDMap.GIDs} {
		slices.SortStableFunc(list, func(a, b domain.IDRange) int { return cmp.Compare(a.Start, b.Start) })
	}
}

// maxConsoles is the limit of a definition.
const maxConsoles = 64

// ttys sets the number of consoles. LXC has one besides, of which libvirt makes none.
func (c *conversion) ttys(e syntax.Entry) {
	n := c.number(e)
	if n > maxConsoles {
		c.warn(e, "the container has %d consoles, which is the limit", maxConsoles)
		n = maxConsoles
	}
	c.def.Consoles = nil
	for port := range max(uint(n), 1) {
		c.def.Consoles = append(c.def.Consoles, domain.Console{TargetType: "lxc", Port: port})
	}
}

func (c *conversion) console(e syntax.Entry) {
	switch e.Value {
	case "", "auto":
	case "none":
		c.warn(e, "a container has one console at least")
	default:
		c.warn(e, "'%.60s': the console is a terminal of Berth's, which berthctl console opens", e.Value)
	}
}

// terminals warns of a number of terminals that is not that of every container.
func (c *conversion) terminals(e syntax.Entry) {
	if e.Value != "1024" {
		c.without(e)
	}
}

func (c *conversion) autodev(e syntax.Entry) {
	if e.Value == "0" {
		c.warn(e, "a container has a /dev of its own in any case")
	}
}

// initCommand takes init and its arguments. Quotes hold words together.
func (c *conversion) initCommand(e syntax.Entry) {
	c.def.OS.Init, c.def.OS.Args = "/sbin/init", nil
	words, ok := splitQuoted(e.Value)
	if !ok {
		c.fail(e, "a quote has no end")
	}
	if len(words) > 0 {
		c.def.OS.Init, c.def.OS.Args = words[0], slices.DeleteFunc(words[1:], func(w string) bool {
			if w == "" {
				c.warn(e, "an empty argument is lost: there is no <initarg> without text")
			}
			return w == ""
		})
	}
}

// splitQuoted splits a text at blanks that are not within quotes.
func splitQuoted(text string) (words []string, closed bool) {
	word, quote, open := []rune{}, rune(0), false
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, open = r, true
		case quote == 0 && (r == ' ' || r == '\t'):
			if open {
				words, word, open = append(words, string(word)), word[:0], false
			}
		default:
			word, open = append(word, r), true
		}
	}
	if open {
		words = append(words, string(word))
	}
	return words, quote == 0
}

// id reads a user or group.
func (c *conversion) id(e syntax.Entry) string {
	if e.Value == "" {
		return ""
	}
	n, err := strconv.ParseUint(e.Value, 10, 32)
	if err != nil || n == 1<<32-1 {
		c.fail(e, "'%.40s' is not a number of an id", e.Value)
	}
	return "+" + strconv.FormatUint(n, 10)
}

// environment adds or replaces a variable.
func (c *conversion) environment(e syntax.Entry) {
	name, value, assigned := strings.Cut(e.Value, "=")
	list := &c.def.OS.Env
	switch {
	case e.Value == "":
		*list = nil
		return
	case !assigned:
		c.warn(e, "%.40s: the value would be that of the environment of lxc-start", name)
		return
	case value == "":
		c.warn(e, "%.40s: an <initenv> has a value", name)
		return
	}
	*list = slices.DeleteFunc(*list, func(v domain.EnvVar) bool { return v.Name == name })
	*list = append(*list, domain.EnvVar{Name: name, Value: value})
}

// haltSignal sets the signal for a shutdown, if a definition can have it.
func (c *conversion) haltSignal(e syntax.Entry) {
	name := strings.ToUpper(e.Value)
	if name != "" && !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	if number, ok := map[string]string{"SIG1": "SIGHUP", "SIG2": "SIGINT", "SIG3": "SIGQUIT", "SIG10": "SIGUSR1", "SIG12": "SIGUSR2", "SIG15": "SIGTERM", "SIG30": "SIGPWR"}[name]; ok {
		name = number
	}
	c.def.Extension.ShutdownSignal = name
	if name != "" && c.def.Extension.StopSignal() == 0 {
		c.def.Extension.ShutdownSignal = ""
		c.warn(e, "'%.40s' is no signal that a definition can have", e.Value)
	}
}

func (c *conversion) noNewPrivs(e syntax.Entry) { c.def.Extension.NoNewPrivs = e.Value == "1" }

// prlimit reads LIMIT or SOFT:HARD.
func (c *conversion) prlimit(e syntax.Entry, name string) {
	same := func(l domain.RLimit) bool { return l.Name == name }
	c.def.RLimits = slices.DeleteFunc(c.def.RLimits, same)
	if e.Value == "" {
		return
	}
	if !slices.Contains(domain.RLimitNames(), name) {
		c.fail(e, "'%.40s' is no limit; known are %s", name, strings.Join(domain.RLimitNames(), ", "))
		return
	}
	soft, hard, two := strings.Cut(e.Value, ":")
	if !two {
		hard = soft
	}
	l := domain.RLimit{Name: name}
	for _, side := range []struct {
		text string
		to   *uint64
	}{{soft, &l.Soft}, {hard, &l.Hard}} {
		if side.text = strings.TrimSpace(side.text); side.text == "unlimited" {
			*side.to = domain.Infinity
			continue
		}
		*side.to = c.number(with(e, side.text))
	}
	c.def.RLimits = append(c.def.RLimits, l)
}

// share shares a namespace with another container or a process.
func (c *conversion) share(e syntax.Entry) {
	ref := domain.ShareRef{Kind: domain.ShareName, Value: e.Value}
	switch {
	case e.Value == "":
		ref = domain.ShareRef{}
	case strings.HasPrefix(e.Value, "/"):
		c.warn(e, "'%.60s' is no container: a definition names another one, or a process", e.Value)
		return
	default:
		if _, ok := number(e.Value); ok {
			ref.Kind = domain.SharePID
		}
	}
	switch {
	case strings.HasSuffix(e.Key, ".net"):
		c.def.Share.Net = ref
	case strings.HasSuffix(e.Key, ".ipc"):
		c.def.Share.IPC = ref
	default:
		c.def.Share.UTS = ref
	}
}
