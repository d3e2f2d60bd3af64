package doctor

import (
	"strings"

	"github.com/berthd/berth/internal/shift"
)

// rootAilments are roots that look wrong.
func rootAilments() map[string]ailment {
	is := func(v shift.Verdict, definition func(string) string) func(files, *Host) {
		return func(f files, h *Host) {
			f["etc/berth/containers/web.xml"] = definition(rooted)
			h.Judge = func(path string, m shift.Map) (shift.Verdict, error) {
				if path != "/srv/web" || (m.UIDs == nil) == strings.Contains(f["etc/berth/containers/web.xml"], "<idmap") {
					return shift.Verdict{}, nil
				}
				return v, nil
			}
		}
	}
	same := func(text string) string { return text }
	plain := func(text string) string {
		return text[:strings.Index(text, "<idmap")] + text[strings.Index(text, "<os>"):]
	}
	half := shift.Verdict{State: shift.Half, Seen: shift.Owner{Path: "/", UID: 100000, GID: 100000}, Against: shift.Owner{Path: "/etc"}}
	marked := shift.JudgeMark(shift.From(300000).Mark())
	return map[string]ailment{
		"a half shifted root":      {"roots", is(half, same), Problem, "/srv/web, the root of web: it is half shifted on disk: / belongs to 100000:100000", "'berthctl unshift web'"},
		"half, without an idmap":   {"roots", is(half, plain), Note, "has no <idmap>: / belongs to 100000:100000, but /etc", "'berthctl unshift --from 100000 web'"},
		"a root with a mark":       {"roots", is(marked, same), Problem, "by the ids that begin at 300000 was interrupted", "'berthctl unshift web'"},
		"marked, without an idmap": {"roots", is(marked, plain), Problem, "by the ids that begin at 300000 was interrupted", "'berthctl unshift web'"},
	}
}
