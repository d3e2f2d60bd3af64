package domain

// Renamed returns the definition under another name. It returns a *Error if a container cannot have that name.
func (d *Def) Renamed(name string) (*Def, error) {
	if fault := checkName(name); fault != nil {
		return nil, fault
	}
	renamed := *d
	renamed.Name = name
	text, err := renamed.Format(FormatOptions{})
	if err != nil {
		return nil, err
	}
	read, err := Parse([]byte(text)) // all other rules: one of them is about the length of the whole
	if err != nil {
		return nil, err
	}
	if read.Name != name {
		return nil, invalid("domain/name", "name %.60q cannot be written in XML as it is", name)
	}
	return read, nil
}
