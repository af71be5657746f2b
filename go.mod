module devicetrace

go 1.25.0
