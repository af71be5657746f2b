package openapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// acs3 is the name of the ACS3 signature style. Authorization headers in this style begin with
// it.
const acs3 = "ACS3-HMAC-SHA256"

// alwaysSigned lists the headers that every ACS3 signature must cover, so that nobody can change
// them unnoticed.
var alwaysSigned = []string{
	"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version",
}

// authorization is a parsed Authorization header.
type authorization struct {
	credential, signature string
	signedHeaders         []string
}

// parseAuthorization parses "ACS3-HMAC-SHA256 Credential=…,SignedHeaders=a;b,Signature=…".
func parseAuthorization(header string) (authorization, error) {
	parts := map[string]string{"Credential": "", "SignedHeaders": "", "Signature": ""}
	for part := range strings.SplitSeq(strings.TrimPrefix(header, acs3), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if earlier, known := parts[name]; !known || earlier != "" {
			return authorization{}, incompleteSignature("Authorization must be %s Credential=…,SignedHeaders=…,Signature=…, each once", acs3)
		}
		parts[name] = value
	}
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if parts[name] == "" {
			return authorization{}, incompleteSignature("Authorization lacks %s", name)
		}
	}
	a := authorization{parts["Credential"], parts["Signature"], strings.Split(parts["SignedHeaders"], ";")}
	return a, a.checkSignedHeaders()
}

// checkSignedHeaders checks that SignedHeaders lists every header that must be signed, and no
// header twice. A repeated name is refused, because each repetition would copy a possibly long
// header into the canonical request.
func (a authorization) checkSignedHeaders() error {
	listed := map[string]bool{}
	for _, name := range a.signedHeaders {
		if listed[name] || name == "" || name != strings.ToLower(name) {
			return incompleteSignature("SignedHeaders must be names in lower case, each once, separated by semicolons")
		}
		listed[name] = true
	}
	for _, name := range alwaysSigned {
		if !listed[name] {
			return incompleteSignature("SignedHeaders lacks %s", name)
		}
	}
	return nil
}

// acs3Claim returns the claim of a request signed in the style ACS3.
func acs3Claim(r request) (claim, error) {
	a, err := parseAuthorization(r.header.Get("Authorization"))
	if err != nil {
		return claim{}, err
	}
	canonical, err := r.canonical(a.signedHeaders)
	if err != nil {
		return claim{}, err
	}
	if r.headerText("x-acs-content-sha256") != hexSHA256(r.body) {
		return claim{}, badRequest("SignatureDoesNotMatch", "x-acs-content-sha256 is not the SHA-256 of the received body in lower-case hex")
	}
	return claim{
		accessKeyID: a.credential, signature: a.signature,
		nonce: r.headerText("x-acs-signature-nonce"), timestamp: r.headerText("x-acs-date"),
		action: r.headerText("x-acs-action"), version: r.headerText("x-acs-version"),
		sign: func(secret string) string {
			mac := hmac.New(sha256.New, []byte(secret))
			mac.Write([]byte(acs3 + "\n" + hexSHA256([]byte(canonical))))
			return hex.EncodeToString(mac.Sum(nil))
		},
	}, nil
}

// canonical returns the canonical request. The client signs the hash of this text. The text
// contains the form parameters only indirectly, as the hash of the body.
func (r request) canonical(signedHeaders []string) (string, error) {
	var headers strings.Builder
	for _, name := range signedHeaders {
		value := r.headerText(name)
		if value == "" && slices.Contains(alwaysSigned, name) {
			return "", incompleteSignature("the header %s is missing", name)
		}
		headers.WriteString(name + ":" + value + "\n")
	}
	return strings.Join([]string{
		r.method, "/", r.query.canonical(), headers.String(),
		strings.Join(signedHeaders, ";"), r.headerText("x-acs-content-sha256"),
	}, "\n"), nil
}

// headerText returns the value of a header for the canonical request. The value of "host" includes
// the port if the client sent one.
func (r request) headerText(name string) string {
	if name == "host" {
		return r.host
	}
	return strings.TrimSpace(strings.Join(r.header.Values(name), ","))
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
