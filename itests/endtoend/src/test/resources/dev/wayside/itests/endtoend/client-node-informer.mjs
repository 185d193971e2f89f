// SPDX-License-Identifier: Apache-2.0
// An informer of ConfigMaps with @kubernetes/client-node. Prints a line of JSON for each event, and its cache when
// asked. Ends with its input. Arguments: the folder of the module, the kubeconfig, the namespace.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [folder, kubeconfig, namespace] = process.argv.slice(2);
const k8s = await import(pathToFileURL(`${folder}/node_modules/@kubernetes/client-node/dist/index.js`));

const config = new k8s.KubeConfig();
config.loadFromFile(kubeconfig);
const core = config.makeApiClient(k8s.CoreV1Api);
const informer = k8s.makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, () =>
    core.listNamespacedConfigMap({ namespace }),
);

const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');
for (const type of ['add', 'update', 'delete']) {
    informer.on(type, ({ metadata }) =>
        say({ type, name: metadata.name, uid: metadata.uid, resourceVersion: metadata.resourceVersion }),
    );
}
// As its documentation says: it is for its user to start it again.
informer.on('error', (error) => {
    say({ type: 'error', message: String(error) });
    setTimeout(() => informer.start(), 200);
});

createInterface(process.stdin)
    .on('line', () => {
        const items = {};
        for (const { metadata } of informer.list()) {
            items[metadata.name] = metadata.resourceVersion;
        }
        say({ type: 'cache', items });
    })
    .on('close', () => process.exit(0));
await informer.start();
say({ type: 'started' });
