"""What a release is accompanied by: licences, list of parts, known vulnerabilities. Tools of developers are needed."""
