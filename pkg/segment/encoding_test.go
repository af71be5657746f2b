package segment

import (
	"math/rand/v2"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/stretchr/testify/require"
)

// Our decoders must return the values that were passed to the library's encoders.
func TestDecodersReverseTheLibrarysEncoders(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 4000 {
		n := random.IntN(300)
		width := random.IntN(65)
		longs, codes := make([]int64, n), make([]int32, n)
		for i := range n {
			longs[i] = int64(random.Uint64() >> (64 - width)) // zero if width is 0
			codes[i] = int32(random.Uint32() & (1<<(width/2) - 1))
			if i > 0 && random.IntN(3) > 0 {
				longs[i], codes[i] = longs[i-1], codes[i-1]
			}
		}
		encoded, err := new(delta.BinaryPackedEncoding).EncodeInt64(nil, longs)
		require.NoError(t, err)
		got, rest, err := decodeDelta(nil, append(encoded, "rest"...), n)
		require.NoError(t, err)
		require.Equal(t, longs, append([]int64{}, got...))
		require.Equal(t, "rest", string(rest))

		encoded, err = new(rle.DictionaryEncoding).EncodeInt32(nil, codes)
		require.NoError(t, err)
		decoded, err := decodeHybrid(nil, encoded[1:], int(encoded[0]), n)
		require.NoError(t, err)
		for i := range codes {
			require.EqualValues(t, codes[i], decoded[i])
		}
	}
}

// Whatever the input, the decoders must neither panic nor allocate more memory than n values take.
func FuzzDecoders(f *testing.F) {
	encoded, err := new(delta.BinaryPackedEncoding).EncodeInt64(nil, []int64{1, 5, -9, 1 << 60, 7, 7, 7})
	require.NoError(f, err)
	f.Add(encoded, 7, 9)
	encoded, err = new(rle.DictionaryEncoding).EncodeInt32(nil, []int32{1, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 9})
	require.NoError(f, err)
	f.Add(encoded[1:], 13, int(encoded[0]))
	f.Fuzz(func(t *testing.T, b []byte, n, width int) {
		n, width = n&0xfff, width&0xff
		if codes, err := decodeHybrid(nil, b, width, n); err == nil {
			require.Len(t, codes, n)
			require.LessOrEqual(t, cap(codes), 2*n+64)
		}
		if longs, _, err := decodeDelta(nil, b, n); err == nil {
			require.Len(t, longs, n)
			require.LessOrEqual(t, cap(longs), 2*n+64)
		}
		_, _, _ = readPage(b)
	})
}
