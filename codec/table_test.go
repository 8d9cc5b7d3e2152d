package codec_test

import (
	"bytes"
	"reflect"
	"testing"
	"unsafe"

	"rockpool.dev/codec"
	"rockpool.dev/fault"
)

// leaf and tree are as internal/gen would treat them, with gaps in the numbers.
type leaf struct {
	A uint64
	B string
}

type tree struct {
	Flag  bool
	Leaf  leaf
	Named string
	List  []leaf
	Ptr   *tree
}

var leafTable = codec.Message{
	Size: unsafe.Sizeof(leaf{}),
	Grow: func(slice unsafe.Pointer) unsafe.Pointer {
		list := (*[]leaf)(slice)
		*list = append(*list, leaf{})
		return unsafe.Pointer(&(*list)[len(*list)-1])
	},
	Fields: []codec.Field{
		{Number: 1, Kind: codec.KindUint64, At: unsafe.Offsetof(leaf{}.A)},
		{Number: 2, Kind: codec.KindString, At: unsafe.Offsetof(leaf{}.B)},
	},
}

var treeTable = codec.Message{
	New: func() unsafe.Pointer { return unsafe.Pointer(new(tree)) },
	Fields: []codec.Field{
		{Number: 2, Kind: codec.KindBool, At: unsafe.Offsetof(tree{}.Flag)},
		{Number: 3, Kind: codec.KindMessage, At: unsafe.Offsetof(tree{}.Leaf), Of: &leafTable},
		{Number: 7, Kind: codec.KindString, At: unsafe.Offsetof(tree{}.Named)},
		{Number: 8, Kind: codec.KindList, At: unsafe.Offsetof(tree{}.List), Of: &leafTable},
		{Number: 9, Kind: codec.KindPointer, At: unsafe.Offsetof(tree{}.Ptr)},
	},
}

func init() { treeTable.Fields[4].Of = &treeTable }

func encode(m *tree) []byte { return treeTable.Append(nil, unsafe.Pointer(m)) }

// Two encodings, one after the other, are one message: numbers, texts and
// messages of the second take the place of the first's, lists go on.
func TestTableReadsFieldsInAnyOrder(t *testing.T) {
	t.Parallel()
	first := tree{Flag: true, Leaf: leaf{7, "first"}, Named: "n", List: []leaf{{1, "a"}, {}}, Ptr: &tree{Named: "old", List: []leaf{{5, ""}}}}
	second := tree{Leaf: leaf{B: "second"}, List: []leaf{{2, "b"}}, Ptr: &tree{Flag: true}}
	src := append(encode(&first), encode(&second)...)
	src = codec.AppendString(src, 5, "a number between ours")
	src = codec.AppendUint(src, 1, 1)
	src = codec.AppendUint(src, 100, 1)
	src = codec.AppendString(src, 7, "last")
	want := tree{Flag: true, Leaf: leaf{B: "second"}, Named: "last", List: []leaf{{1, "a"}, {}, {2, "b"}}, Ptr: &tree{Flag: true}}
	got := tree{Named: "of before", List: []leaf{{9, "z"}}, Leaf: leaf{A: 9}, Ptr: &tree{}}
	if err := treeTable.Decode(src, unsafe.Pointer(&got)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Decode = %+v, %v, want %+v", got, err, want)
	}
}

// What is empty is left out, but for elements and for pointers that are set.
func TestTableLeavesOutZeros(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		m    tree
		want []byte
	}{
		{"zeros", tree{}, nil},
		{"a pointer that is set", tree{Ptr: &tree{}}, []byte{9<<3 | 2, 0}},
		{"two empty elements", tree{List: make([]leaf, 2)}, []byte{8<<3 | 2, 0, 8<<3 | 2, 0}},
	} {
		if got := encode(&c.m); !bytes.Equal(got, c.want) {
			t.Errorf("%s: %x, want %x", c.name, got, c.want)
		}
	}
}

func TestTableDecodeClears(t *testing.T) {
	t.Parallel()
	got := tree{Flag: true, Leaf: leaf{1, "b"}, Named: "n", List: []leaf{{}}, Ptr: &tree{}}
	if err := treeTable.Decode(nil, unsafe.Pointer(&got)); err != nil || !reflect.DeepEqual(got, tree{}) {
		t.Errorf("Decode of nothing = %+v, %v, want all zeros", got, err)
	}
}

// The fault of a nested message is the outer one's and ends it.
func TestTableStopsAtAFault(t *testing.T) {
	t.Parallel()
	cut := append([]byte{3<<3 | 2, 2, 1 << 3, 0x80}, encode(&tree{Named: "behind"})...)
	var got tree
	if err := treeTable.Decode(cut, unsafe.Pointer(&got)); fault.KindOf(err) != fault.Protocol || got.Named != "" {
		t.Errorf("Decode = %v and read on to %q, want a fault of kind protocol", err, got.Named)
	}
}
