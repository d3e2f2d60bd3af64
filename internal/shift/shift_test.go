package shift

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

// hundred is a usual map, short the one of libvirt's example, and twice one with another map for groups.
func hundred() Map { return From(100000) }

func short() Map {
	list := []Range{{Inside: 0, Outside: 1000, Count: 10}}
	return Map{UIDs: list, GIDs: list}
}

func twice() Map {
	return Map{UIDs: []Range{{0, 100000, 65536}}, GIDs: []Range{{0, 200000, 1000}, {1000, 1000, 1}, {1001, 201001, 64535}}}
}

// TestJudge: a root is plain, shifted, half shifted or of another map, as the owners of its directories say.
func TestJudge(t *testing.T) {
	t.Parallel()
	tree := func(owners ...uint32) (list []Owner) {
		names := Places()
		for i := 0; i < len(owners); i += 2 {
			list = append(list, Owner{"/" + names[i/2], owners[i], owners[i+1]})
		}
		return list
	}
	identity := Map{UIDs: []Range{{0, 0, 1000}}, GIDs: []Range{{0, 0, 1000}}}
	overlap := Map{UIDs: []Range{{0, 1000, 65536}}, GIDs: []Range{{0, 1000, 65536}}}
	for name, tc := range map[string]struct {
		m    Map
		seen []Owner
		want State
		says []string
	}{
		"nothing seen":                    {hundred(), nil, Plain, nil},
		"plain":                           {hundred(), tree(0, 0, 0, 0, 0, 0), Plain, nil},
		"plain, a top of a user":          {hundred(), tree(1000, 1000, 0, 0), Plain, nil},
		"plain, a top of a far user":      {hundred(), tree(1234567, 1234567, 0, 0), Plain, nil},
		"plain, a group inside":           {hundred(), tree(0, 0, 0, 50), Plain, nil},
		"shifted":                         {hundred(), tree(100000, 100000, 100000, 100000), Shifted, nil},
		"shifted, a user inside":          {hundred(), tree(100000, 100000, 100998, 100050), Shifted, nil},
		"shifted, the top alone":          {hundred(), tree(100000, 100000), Shifted, nil},
		"shifted, the last of the range":  {hundred(), tree(165535, 165535), Shifted, nil},
		"shifted, two maps":               {twice(), tree(100000, 200000, 100000, 200000), Shifted, nil},
		"libvirt's example":               {short(), tree(1000, 1000, 1000, 1000), Shifted, nil},
		"libvirt's example, plain":        {short(), tree(0, 0, 0, 0), Plain, nil},
		"ranges that overlap":             {overlap, tree(1000, 1000, 1000, 1000), Shifted, nil},
		"ranges that overlap, plain":      {overlap, tree(0, 0, 0, 0), Plain, nil},
		"the host's own ids":              {identity, tree(0, 0, 0, 0), Plain, nil},
		"half: the top":                   {hundred(), tree(100000, 100000, 0, 0), Half, []string{"/ belongs to 100000:100000, but /bin belongs to 0:0", "100000-165535", "'berthctl unshift web'"}},
		"half: all but the top":           {hundred(), tree(0, 0, 100000, 100000), Half, []string{"/bin belongs to 100000:100000, but / belongs to 0:0", "'berthctl unshift web'"}},
		"half: the last":                  {hundred(), tree(100000, 100000, 100000, 100000, 0, 0), Half, nil},
		"half: users only":                {hundred(), tree(100000, 0, 100000, 0), Half, []string{"half shifted on disk: / belongs to 100000:0, and the ids"}},
		"half: groups only":               {hundred(), tree(0, 100000, 0, 100000), Half, nil},
		"half: of another map":            {hundred(), tree(0, 0, 200000, 200000, 0, 0), Half, []string{"/bin belongs to 200000:200000, but / belongs to 0:0", "'berthctl unshift --from 200000 web'"}},
		"half: of this map and another":   {hundred(), tree(100000, 100000, 200000, 200000), Half, []string{"'berthctl unshift web'"}},
		"half: one map for both":          {twice(), tree(100000, 100000, 100000, 100000), Half, []string{"(of groups 200000-200999, 1000-1000, 201001-265535)"}},
		"another map":                     {hundred(), tree(200000, 200000, 200000, 200000), Other, []string{"this container's 100000-165535: / belongs to 200000:200000", "'berthctl unshift --from 200000 web'", "<idmap>"}},
		"another map, the top alone":      {hundred(), tree(200000, 200000), Other, nil},
		"another map: one before":         {hundred(), tree(99999, 99999), Other, nil},
		"another map: one behind":         {hundred(), tree(165536, 165536), Other, nil},
		"none of a short map's own":       {short(), tree(10, 10, 10, 10), Other, nil},
		"the highest id, which has no id": {hundred(), tree(1<<32-1, 1<<32-1, 1<<32-1, 1<<32-1), Other, nil},
	} {
		v := Judge(tc.m, tc.seen)
		err := v.Check("web", tc.m)
		if v.State != tc.want || (err != nil) != (tc.want == Half || tc.want == Other) {
			t.Errorf("%s: %v, %v", name, v, err)
			continue
		}
		for _, want := range tc.says {
			if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Error(), want) {
				t.Errorf("%s: no %q in %v", name, want, err)
			}
		}
	}
}

// TestJudgeVolume: a tree that is no root is shifted if its top belongs to an id of the map that is none inside.
func TestJudgeVolume(t *testing.T) {
	t.Parallel()
	overlap := Map{UIDs: []Range{{0, 1000, 65536}}, GIDs: []Range{{0, 1000, 65536}}}
	for name, tc := range map[string]struct {
		m        Map
		uid, gid uint32
		want     State
	}{
		"root's":                    {hundred(), 0, 0, Plain},
		"a user's":                  {hundred(), 999, 999, Plain},
		"somebody's of the host":    {hundred(), 1234567, 1234567, Plain},
		"shifted root's":            {hundred(), 100000, 100000, Shifted},
		"a shifted user's":          {hundred(), 100999, 100999, Shifted},
		"a shifted user's only":     {hundred(), 100999, 0, Shifted},
		"a shifted group's only":    {hundred(), 0, 100999, Plain},
		"libvirt's example":         {short(), 1001, 1001, Shifted},
		"both is possible":          {overlap, 1000, 1000, Plain},
		"the group tells":           {Map{overlap.UIDs, hundred().GIDs}, 1000, 100000, Shifted},
		"the group tells otherwise": {Map{overlap.UIDs, hundred().GIDs}, 1000, 7, Plain},
	} {
		if got := JudgeVolume(tc.m, Owner{UID: tc.uid, GID: tc.gid}); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestReversible: owners can be taken back if no id is both of the container and of the host, but for one that is the
// same on both sides.
func TestReversible(t *testing.T) {
	t.Parallel()
	list := func(r ...Range) Map { return Map{UIDs: r, GIDs: []Range{{0, 100000, 65536}}} }
	for name, tc := range map[string]struct {
		m    Map
		want string
	}{
		"usual":              {hundred(), ""},
		"libvirt's example":  {short(), ""},
		"a hole of the host": {twice(), ""},
		"overlapping":        {list(Range{0, 1000, 65536}), "the ids 1000-65535 "},
		"two, overlapping":   {list(Range{0, 100000, 10}, Range{10, 5, 3}), "the ids 5-7 "},
		"from 1":             {From(1), "the ids 1-65535 "},
		"from the last":      {From(1<<32 - 2), ""},
		"from no id":         {From(1<<32 - 1), "its ids are out of range"},
		"from 0":             {From(0), ""},
		"behind the last":    {list(Range{0, 1<<32 - 10, 10}), "its ids are out of range"},
	} {
		err := tc.m.Reversible()
		if (err != nil) != (tc.want != "") || err != nil && !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestInsideIsTheWayBack: each id of a range on the host comes back as the one inside, and no other id changes.
func TestInsideIsTheWayBack(t *testing.T) {
	t.Parallel()
	list := twice().GIDs
	random := rand.New(rand.NewPCG(1, 2))
	for range 10000 {
		r := list[random.IntN(len(list))]
		n := random.Uint32N(r.Count)
		if id, ok := Inside(list, r.Outside+n); !ok || id != r.Inside+n {
			t.Fatalf("%d is %d inside, %v", r.Outside+n, id, ok)
		}
	}
	for _, id := range []uint32{0, 999, 1001, 199999, 201000, 265536, 1<<32 - 1} {
		if back, ok := Inside(list, id); ok || back != id {
			t.Errorf("%d is %d, %v", id, back, ok)
		}
	}
}

// TestAdvice: the command that an error names is one for a shell, whatever the name of the container, and what is to be
// done before it is said.
func TestAdvice(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"web":   "berthctl unshift --from 200000 web' takes",
		"a b;c": "berthctl unshift --from 200000 'a b;c'' takes",
		"it's":  `berthctl unshift --from 200000 'it'\''s'' takes`,
		"-x":    "berthctl unshift --from 200000 -- -x' takes",
	} {
		e := Judge(hundred(), []Owner{{"/", 200000, 200000}}).Check(name, hundred())
		if e == nil || !strings.Contains(e.Error(), want) || !strings.Contains(e.Error(), First) {
			t.Errorf("%s: %v", name, e)
		}
	}
}
