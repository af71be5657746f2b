package query

// heads is a heap, for package container/heap, of the positions in several sorted lists. list[0] is the
// position whose next item comes first.
type heads[T any] struct {
	list   []T
	before func(a, b T) bool
}

func (h *heads[T]) Len() int           { return len(h.list) }
func (h *heads[T]) Less(i, j int) bool { return h.before(h.list[i], h.list[j]) }
func (h *heads[T]) Swap(i, j int)      { h.list[i], h.list[j] = h.list[j], h.list[i] }
func (h *heads[T]) Push(x any)         { h.list = append(h.list, x.(T)) }

func (h *heads[T]) Pop() any {
	last := len(h.list) - 1
	popped := h.list[last]
	h.list = h.list[:last]
	return popped
}
