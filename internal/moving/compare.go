package moving

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/domain"
)

// compare looks for a container in Berth with the name or the uuid.
func (i *Item) compare(ctx context.Context, d Daemon, k *known, o Options, def *domain.Def) error {
	have, there := k.byName[i.Name]
	if other, same := k.byUUID[def.UUID.String()]; same && other.Name != i.Name {
		i.fail(Conflict, fmt.Sprintf("Berth's container '%s' has its uuid", other.Name))
		return nil
	}
	if !there {
		return nil
	}
	if !def.UUID.IsZero() && have.UUID != def.UUID.String() {
		i.fail(Conflict, fmt.Sprintf("Berth has another container with this name, with the uuid %s", have.UUID))
		return nil
	}
	info, err := d.Info(ctx, have.Path)
	if err != nil {
		return err
	}
	if !info.Persistent {
		i.fail(Conflict, "a transient container of Berth's has this name")
		return nil
	}
	stored, err := d.XML(ctx, have.Path, client.Inactive)
	if err != nil {
		return err
	}
	i.path, i.previous, i.before = have.Path, stored, info.Autostart
	old, err := parseDomain(stored)
	if err != nil {
		return err
	}
	wanted, err := complete(def, old).Format(domain.FormatOptions{})
	if err != nil {
		return err
	}
	now, err := old.Format(domain.FormatOptions{})
	if err != nil {
		return err
	}
	i.xml = wanted
	i.settle(o, now, wanted)
	return nil
}

// complete returns a definition with what berthd chooses, as it has chosen it.
func complete(def, old *domain.Def) *domain.Def {
	full := *def
	if full.UUID.IsZero() {
		full.UUID = old.UUID
	}
	full.Interfaces = append([]domain.Interface{}, def.Interfaces...)
	for n := range full.Interfaces {
		if n < len(old.Interfaces) && full.Interfaces[n].MAC == (domain.MAC{}) {
			full.Interfaces[n].MAC = old.Interfaces[n].MAC
		}
	}
	if full.Extension.AutoIDMap && old.Extension.AutoIDMap && !full.IDMap.Enabled() {
		full.IDMap = old.IDMap
	}
	if full.OS.Arch == "" {
		full.OS.Arch = old.OS.Arch
	}
	return &full
}

// settle decides about something that is there, by the two texts and by autostart.
func (i *Item) settle(o Options, now, wanted string) {
	i.Changes = difference(now, wanted)
	if i.before != i.Autostart {
		words := map[bool]string{true: "it starts with the host", false: "it does not start with the host"}
		i.Changes = append(i.Changes, "- "+words[i.before], "+ "+words[i.Autostart])
	}
	switch {
	case len(i.Changes) == 0:
		i.Verdict = Same
	case o.Replace:
		i.Verdict = Replaced
	default:
		i.Verdict = Differs
	}
}

// mostLines is how many lines a comparison looks at.
const mostLines = 2000

// difference returns the lines that only one of two texts has, in the order of the texts: a longest common sequence is
// left out.
func difference(old, wanted string) []string {
	a, b := strings.Split(strings.TrimSpace(old), "\n"), strings.Split(strings.TrimSpace(wanted), "\n")
	if len(a) > mostLines || len(b) > mostLines {
		if old == wanted {
			return nil
		}
		return []string{"- " + fmt.Sprint(len(a), " lines"), "+ " + fmt.Sprint(len(b), " lines")}
	}
	common := make([][]int, len(a)+1) // the length of the longest common sequence of the rests
	for n := range common {
		common[n] = make([]int, len(b)+1)
	}
	for n, line := range slices.Backward(a) {
		for m, other := range slices.Backward(b) {
			if line == other {
				common[n][m] = common[n+1][m+1] + 1
			} else {
				common[n][m] = max(common[n+1][m], common[n][m+1])
			}
		}
	}
	var lines []string
	n, m := 0, 0
	for n < len(a) || m < len(b) {
		switch {
		case n < len(a) && m < len(b) && a[n] == b[m]:
			n, m = n+1, m+1
		case m == len(b) || n < len(a) && common[n+1][m] >= common[n][m+1]:
			lines = append(lines, "- "+a[n])
			n++
		default:
			lines = append(lines, "+ "+b[m])
			m++
		}
	}
	return lines
}
