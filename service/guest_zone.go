package service

import "time"

// Zone is a time zone at one moment. Offset is in seconds to the east of UTC.
type Zone struct {
	Name   string
	Offset int
}

// zoneAt reads a file of time zones (tzfile(5)). An empty one is UTC.
func zoneAt(file []byte, now time.Time) (Zone, error) {
	if len(file) == 0 {
		return Zone{Name: "UTC"}, nil
	}
	where, err := time.LoadLocationFromTZData("", file)
	if err != nil {
		return Zone{}, err
	}
	name, offset := now.In(where).Zone()
	return Zone{Name: name, Offset: offset}, nil
}
