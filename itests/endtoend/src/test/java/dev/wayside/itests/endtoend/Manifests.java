// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

/** Manifests that several tests apply. */
final class Manifests {
    private Manifests() {}

    /** A grid of one container that logs and sleeps. */
    static String grid(String name, String image, int replicas, String greeting) {
        return """
        apiVersion: superedge.io/v1
        kind: DeploymentGrid
        metadata:
          name: %1$s
          namespace: default
        spec:
          gridUniqKey: site
          template:
            replicas: %3$d
            selector:
              matchLabels: {app: %1$s}
            template:
              metadata:
                labels: {app: %1$s}
              spec:
                terminationGracePeriodSeconds: 1
                containers:
                  - name: main
                    image: %2$s
                    imagePullPolicy: IfNotPresent
                    command: ["sh", "-c", "echo $GREETING; trap 'exit 0' TERM; while true; do sleep 1; done"]
                    env:
                      - {name: GREETING, value: "%4$s"}
        """
                .formatted(name, image, replicas, greeting);
    }

    /** A pod bound to a gateway by its host name. */
    static String pod(String name, String image, String gateway) {
        return """
        apiVersion: v1
        kind: Pod
        metadata:
          name: %1$s
          namespace: default
          labels: {app: %1$s}
        spec:
          terminationGracePeriodSeconds: 1
          nodeSelector: {kubernetes.io/hostname: %3$s}
          containers:
            - name: main
              image: %2$s
              imagePullPolicy: IfNotPresent
              command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 1; done"]
        """
                .formatted(name, image, gateway);
    }
}
