package api

import "slices"

// names are those of the objects that a walker is in, the innermost object's last: one list for all, as a text may have
// a hundred thousand small objects.
type names []string

// fewNames is how many names are looked through one by one.
const fewNames = 16

// objectNames are those of one object.
type objectNames struct {
	all   *names
	first int                 // where those of this object begin
	many  map[string]struct{} // nil up to fewNames
}

func (n *names) open() objectNames { return objectNames{all: n, first: len(*n)} }

func (o *objectNames) has(name string) bool {
	if o.many != nil {
		_, ok := o.many[name]
		return ok
	}
	return slices.Contains((*o.all)[o.first:], name)
}

func (o *objectNames) add(name string) {
	if o.many != nil {
		o.many[name] = struct{}{}
		return
	}
	*o.all = append(*o.all, name)
	if own := (*o.all)[o.first:]; len(own) > fewNames {
		o.many = make(map[string]struct{}, 2*len(own))
		for _, known := range own {
			o.many[known] = struct{}{}
		}
	}
}

func (o *objectNames) close() { *o.all = (*o.all)[:o.first] }
