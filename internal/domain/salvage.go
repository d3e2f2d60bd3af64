package domain

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Salvage reads what identifies a container out of a document that Parse refuses, because it is damaged or
// of a newer version: its name, uuid, and the ids that it maps. It returns nil if not even a name is there.
// The definition is good for telling the container apart from others, not for starting it.
func Salvage(text []byte) *Def {
	var x struct {
		Name  salvagedText `xml:"name"`
		UUID  salvagedText `xml:"uuid"`
		IDMap struct {
			UIDs []salvagedSpan `xml:"uid"`
			GIDs []salvagedSpan `xml:"gid"`
		} `xml:"idmap"`
	}
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	_ = d.Decode(&x) // an error may be behind all that is looked for
	def := &Def{Name: string(x.Name), IDMap: IDMap{UIDs: salvaged(x.IDMap.UIDs), GIDs: salvaged(x.IDMap.GIDs)}}
	if checkName(def.Name) != nil {
		return nil
	}
	if u, err := ParseUUID(string(x.UUID)); err == nil {
		def.UUID = u
	}
	return def
}

// salvagedText is the text of the first element of its name. One of another namespace is passed over.
type salvagedText string

// UnmarshalXML reads or passes over one element.
func (t *salvagedText) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	if *t != "" || start.Name.Space != "" {
		return d.Skip()
	}
	return d.DecodeElement((*string)(t), &start)
}

// salvagedSpan is a <uid> or <gid> of an <idmap>. Its numbers are read later: an error would end the reading.
type salvagedSpan struct {
	Start  string `xml:"start,attr"`
	Target string `xml:"target,attr"`
	Count  string `xml:"count,attr"`
}

// salvaged leaves out what is no range of 32-bit ids.
func salvaged(list []salvagedSpan) (ranges []IDRange) {
	for _, text := range list {
		var r IDRange
		ok := true
		for _, n := range []struct {
			text string
			to   *uint32
		}{{text.Start, &r.Start}, {text.Target, &r.Target}, {text.Count, &r.Count}} {
			v, err := strconv.ParseUint(strings.TrimSpace(n.text), 10, 32)
			*n.to, ok = uint32(v), ok && err == nil
		}
		if ok && r.Count > 0 && r.Target+(r.Count-1) >= r.Target {
			ranges = append(ranges, r)
		}
	}
	slices.SortFunc(ranges, func(a, b IDRange) int { return cmp.Compare(a.Start, b.Start) })
	return ranges
}
