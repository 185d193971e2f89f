// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** CertificateSigningRequest. Whether the request inside is sound is for the signer to see. */
final class CertificateSigningRequestKind extends TypedKind {
    private static final long LEAST_SECONDS = 600;
    private static final String PEM_BEGIN = "-----BEGIN CERTIFICATE REQUEST-----";
    private static final List<String> VERDICTS = List.of("Approved", "Denied", "Failed");
    private static final List<String> USAGES =
            List.of(
                    "any",
                    "cert sign",
                    "client auth",
                    "code signing",
                    "content commitment",
                    "crl sign",
                    "data encipherment",
                    "decipher only",
                    "digital signature",
                    "email protection",
                    "encipher only",
                    "ipsec end system",
                    "ipsec tunnel",
                    "ipsec user",
                    "key agreement",
                    "key encipherment",
                    "microsoft sgc",
                    "netscape sgc",
                    "ocsp signing",
                    "s/mime",
                    "server auth",
                    "signing",
                    "timestamping");

    CertificateSigningRequestKind(TypeTable table) {
        super(
                Facts.of(
                                ResourceType.CERTIFICATE_SIGNING_REQUESTS,
                                "certificates/v1.CertificateSigningRequest",
                                "csr")
                        .with("status", "approval"),
                table);
    }

    @Override
    void check(KubeObject request, Errors errors) {
        JsonObject spec = request.spec();
        if (!isPem(spec.text("request"))) {
            errors.invalid(
                    "spec.request",
                    spec.text("request"),
                    "PEM block type must be CERTIFICATE REQUEST");
        }
        JsonArray usages = spec.array("usages");
        if (usages.isEmpty()) {
            errors.required("spec.usages");
        }
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < usages.strings().size(); i++) {
            String usage = usages.strings().get(i);
            if (!USAGES.contains(usage)) {
                errors.notSupported("spec.usages[" + i + "]", usage, USAGES);
            }
            if (!seen.add(usage)) {
                errors.duplicate("spec.usages[" + i + "]", usage);
            }
        }
        signer(spec.text("signerName"), errors);
        if (spec.has("expirationSeconds")
                && spec.number("expirationSeconds").orElse(0) < LEAST_SECONDS) {
            errors.invalid(
                    "spec.expirationSeconds",
                    spec.number("expirationSeconds").orElse(0),
                    "may not specify a duration less than 600 seconds (10 minutes)");
        }
        conditions(request.status().array("conditions"), errors);
    }

    private static boolean isPem(String base64) {
        try {
            byte[] pem = Base64.getMimeDecoder().decode(base64);
            return new String(pem, StandardCharsets.US_ASCII).contains(PEM_BEGIN);
        } catch (IllegalArgumentException e) {
            return false; // decoding has said so already
        }
    }

    private static void signer(String name, Errors errors) {
        String path = "spec.signerName";
        int slash = name.indexOf('/');
        if (name.isEmpty()) {
            errors.required(path);
        } else if (slash <= 0 || slash == name.length() - 1) {
            errors.invalid(
                    path,
                    name,
                    "must be a fully qualified domain and path of the form"
                            + " 'example.com/signer-name'");
        } else {
            errors.invalid(path, name, NameRules.subdomain(name.substring(0, slash)));
        }
    }

    private static void conditions(JsonArray conditions, Errors errors) {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < conditions.size(); i++) {
            if (!(conditions.get(i) instanceof JsonObject condition)) {
                continue;
            }
            String path = "status.conditions[" + i + "]";
            String type = condition.text("type");
            String status = condition.text("status");
            if (type.isEmpty()) {
                errors.required(path + ".type");
            }
            if (status.isEmpty()) {
                errors.required(path + ".status");
            } else if (VERDICTS.contains(type) && !status.equals("True")) {
                errors.notSupported(path + ".status", status, List.of("True"));
            }
            if (!seen.add(type)) {
                errors.duplicate(path + ".type", type);
            }
        }
        if (seen.contains("Approved") && seen.contains("Denied")) {
            errors.invalid(
                    "status.conditions",
                    conditions,
                    "Approved and Denied conditions are mutually exclusive");
        }
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        errors.immutable("spec", before.spec(), after.spec());
        String old = before.status().text("certificate");
        if (!old.isEmpty() && !old.equals(after.status().text("certificate"))) {
            errors.forbidden(
                    "status.certificate", "updates may not modify existing certificate content");
        }
        for (String verdict : VERDICTS) {
            boolean had = before.condition(verdict).isPresent();
            boolean has = after.condition(verdict).isPresent();
            if (had && !has) {
                errors.forbidden(
                        "status.conditions",
                        "updates may not remove a condition of type \"" + verdict + "\"");
            } else if (!had
                    && has
                    && !verdict.equals("Failed")
                    && !subresource.equals("approval")) {
                errors.forbidden(
                        "status.conditions",
                        "updates may not add a condition of type \"" + verdict + "\"");
            }
        }
    }

    @Override
    Map<String, Function<KubeObject, String>> selectable() {
        return Map.of("spec.signerName", at("spec", "signerName"));
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.AGE,
                Cells.text("SignerName", "Who is to sign."),
                Cells.text("Requestor", "Who asked."),
                Cells.text("RequestedDuration", "For how long."),
                Cells.text("Condition", "How far it is."));
    }

    @Override
    public List<Json> cells(KubeObject request, Instant now) {
        JsonObject spec = request.spec();
        return List.of(
                Cells.name(request),
                Cells.age(request, now),
                Cells.orElse(spec.text("signerName"), "<none>"),
                Json.of(spec.text("username")),
                Json.of(
                        spec.has("expirationSeconds")
                                ? HumanDuration.of(
                                        Duration.ofSeconds(
                                                spec.number("expirationSeconds").orElse(0)))
                                : "<none>"),
                Json.of(condition(request)));
    }

    private static String condition(KubeObject request) {
        List<String> words = new ArrayList<>();
        if (request.condition("Denied").isPresent()) {
            words.add("Denied");
        } else if (request.condition("Approved").isPresent()) {
            words.add("Approved");
        } else {
            words.add("Pending");
        }
        if (request.condition("Failed").isPresent()) {
            words.add("Failed");
        }
        if (!request.status().text("certificate").isEmpty()) {
            words.add("Issued");
        }
        return String.join(",", words);
    }
}
