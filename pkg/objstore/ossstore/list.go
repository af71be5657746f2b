package ossstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"devicetrace/pkg/objstore"
)

// List makes one ListObjectsV2 request.
func (b *bucket) List(ctx context.Context, prefix, after string) (objstore.Page, error) {
	if err := ctx.Err(); err != nil {
		return objstore.Page{}, err
	}
	options := []oss.Option{oss.MaxKeys(objstore.MaxPage), oss.WithContext(ctx)}
	if prefix != "" {
		options = append(options, oss.Prefix(prefix))
	}
	if after != "" {
		options = append(options, oss.StartAfter(after))
	}
	result, err := b.sdk.ListObjectsV2(options...)
	if err != nil {
		return objstore.Page{}, fmt.Errorf("list %q after %q: %w", prefix, after, classify(err))
	}
	page := pageOf(result)
	if err := checkPage(page, prefix, after); err != nil {
		return objstore.Page{}, fmt.Errorf("list %q after %q: %w", prefix, after, err)
	}
	return page, nil
}

// Prefixes makes one ListObjectsV2 request with a delimiter.
func (b *bucket) Prefixes(ctx context.Context, prefix, after string) (objstore.PrefixPage, error) {
	if err := ctx.Err(); err != nil {
		return objstore.PrefixPage{}, err
	}
	options := []oss.Option{oss.MaxKeys(objstore.MaxPage), oss.Delimiter("/"), oss.WithContext(ctx)}
	if prefix != "" {
		options = append(options, oss.Prefix(prefix))
	}
	if after != "" {
		options = append(options, oss.StartAfter(objstore.PastPrefix(after)))
	}
	result, err := b.sdk.ListObjectsV2(options...)
	if err != nil {
		return objstore.PrefixPage{}, fmt.Errorf("list prefixes of %q after %q: %w", prefix, after, classify(err))
	}
	page := prefixPageOf(result, after)
	if err := checkPrefixes(page, prefix, after); err != nil {
		return objstore.PrefixPage{}, fmt.Errorf("list prefixes of %q after %q: %w", prefix, after, err)
	}
	return page, nil
}

func prefixPageOf(result oss.ListObjectsResultV2, after string) objstore.PrefixPage {
	page := objstore.PrefixPage{Prefixes: result.CommonPrefixes}
	if !result.IsTruncated {
		return page
	}
	page.Next = after
	if n := len(result.CommonPrefixes); n > 0 {
		page.Next = max(page.Next, result.CommonPrefixes[n-1])
	}
	if n := len(result.Objects); n > 0 {
		page.Next = max(page.Next, result.Objects[n-1].Key)
	}
	return page
}

// checkPrefixes checks that a page has the properties on which callers rely:
//   - Every element starts with prefix and ends at the first slash after it.
//   - The elements are in ascending order, and sort after the key given as after.
//   - If more pages follow, page.Next also sorts after that key.
func checkPrefixes(page objstore.PrefixPage, prefix, after string) error {
	if page.Next != "" && page.Next <= after {
		return errors.New("check page: it is not the last, but the next page would start no later")
	}
	for _, common := range page.Prefixes {
		directory, found := strings.CutPrefix(common, prefix)
		if !found || common <= after || strings.Index(directory, "/") != len(directory)-1 {
			return fmt.Errorf("check page: prefix %q is out of order or not a common prefix", common)
		}
		after = common
	}
	return nil
}

func pageOf(result oss.ListObjectsResultV2) objstore.Page {
	page := objstore.Page{More: result.IsTruncated}
	for _, o := range result.Objects {
		page.Objects = append(page.Objects, objstore.Object{Key: o.Key, Size: o.Size, Modified: o.LastModified.UTC()})
	}
	return page
}

// checkPage checks that a page has the properties on which callers rely:
//   - All keys start with prefix.
//   - The keys are in ascending order, and the first key is greater than after.
//   - A page that is not the last page is not empty.
func checkPage(page objstore.Page, prefix, after string) error {
	if page.More && len(page.Objects) == 0 {
		return errors.New("check page: it is empty but not the last")
	}
	for _, o := range page.Objects {
		if o.Key <= after || !strings.HasPrefix(o.Key, prefix) {
			return fmt.Errorf("check page: key %q is out of order or lacks the prefix", o.Key)
		}
		after = o.Key
	}
	return nil
}
