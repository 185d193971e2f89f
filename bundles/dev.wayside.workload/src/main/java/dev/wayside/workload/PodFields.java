// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.model.KubeObject;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The pod's own fields as {@code fieldRef} reads them.
 *
 * @param hostIp the Node's address, {@code ""} if it has none
 * @param podIp {@code ""} if it has none yet
 */
record PodFields(KubeObject pod, String nodeName, String hostIp, String podIp) {
    private static final Pattern KEYED =
            Pattern.compile("metadata\\.(labels|annotations)\\['([^']{1,317})'\\]");

    /** Whether a single value stands behind the path. */
    static boolean known(String path) {
        return switch (path) {
            case "metadata.name",
                    "metadata.namespace",
                    "metadata.uid",
                    "spec.nodeName",
                    "spec.serviceAccountName",
                    "status.hostIP",
                    "status.hostIPs",
                    "status.podIP",
                    "status.podIPs" ->
                    true;
            default -> KEYED.matcher(path).matches();
        };
    }

    /** Whether a downward volume can show the path. */
    static boolean knownToVolumes(String path) {
        return path.equals("metadata.labels")
                || path.equals("metadata.annotations")
                // Addresses come after the volumes; core/v1 does not allow them there either.
                || (path.startsWith("metadata.") && known(path));
    }

    /** The value; {@code ""} where an annotation or label is absent. */
    String value(String path) {
        Matcher keyed = KEYED.matcher(path);
        if (keyed.matches()) {
            Map<String, String> map =
                    "labels".equals(keyed.group(1)) ? pod.labels() : pod.annotations();
            return map.getOrDefault(Optional.ofNullable(keyed.group(2)).orElse(""), "");
        }
        return switch (path) {
            case "metadata.name" -> pod.name();
            case "metadata.namespace" -> pod.namespace();
            case "metadata.uid" -> pod.uid();
            case "metadata.labels" -> lines(pod.labels());
            case "metadata.annotations" -> lines(pod.annotations());
            case "spec.nodeName" -> nodeName;
            case "spec.serviceAccountName" -> pod.spec().text("serviceAccountName");
            case "status.hostIP", "status.hostIPs" -> hostIp;
            case "status.podIP", "status.podIPs" -> podIp;
            default -> throw new IllegalArgumentException("no such field: " + path);
        };
    }

    private static String lines(Map<String, String> map) {
        StringBuilder text = new StringBuilder();
        new TreeMap<>(map)
                .forEach(
                        (key, value) ->
                                text.append(text.isEmpty() ? "" : "\n")
                                        .append(key)
                                        .append('=')
                                        .append(quoted(value)));
        return text.toString();
    }

    private static String quoted(String value) {
        return '"'
                + value.replace("\\", "\\\\")
                        .replace("\"", "\\\"")
                        .replace("\n", "\\n")
                        .replace("\t", "\\t")
                        .replace("\r", "\\r")
                + '"';
    }
}
