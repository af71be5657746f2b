package openapi

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"maps"
)

// v1Claim returns the claim of a request that carries its signature in a parameter (signature
// version 1.0). This version does not sign headers, so they are ignored.
func v1Claim(r request) (claim, error) {
	for _, name := range []string{"AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"} {
		if r.all[name] == "" {
			return claim{}, missing(name, "every request must be signed, with "+acs3+" or HMAC-SHA1")
		}
	}
	for _, fixed := range [][2]string{{"SignatureMethod", "HMAC-SHA1"}, {"SignatureVersion", "1.0"}, {"SignatureType", ""}} {
		if name, want := fixed[0], fixed[1]; r.all[name] != want {
			return claim{}, badRequest("InvalidParameter."+name, "%s must be %q", name, want)
		}
	}
	return claim{
		accessKeyID: r.all["AccessKeyId"], signature: r.all["Signature"],
		nonce: r.all["SignatureNonce"], timestamp: r.all["Timestamp"],
		action: r.all["Action"], version: r.all["Version"],
		sign: func(secret string) string {
			mac := hmac.New(sha1.New, []byte(secret+"&"))
			mac.Write([]byte(r.v1StringToSign()))
			return base64.StdEncoding.EncodeToString(mac.Sum(nil))
		},
	}, nil
}

// v1StringToSign returns the string to sign: the method and all parameters except the signature
// itself. Signature version 1.0 requires the names and values of parameters to be percent-encoded
// twice.
func (r request) v1StringToSign() string {
	signed := maps.Clone(r.all)
	delete(signed, "Signature")
	return r.method + "&" + encode("/") + "&" + encode(signed.canonical())
}
