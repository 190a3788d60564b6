import { openTokenizer } from "@patchbay/transformer";
import { parseSite, tensor, type Tensor } from "@patchbay/vocabulary";
import { openFolder } from "../../runtime/src/testing/installed-models.ts";
import { corpusFromTexts, readTexts } from "./corpus/corpus.ts";
import { harvest } from "./corpus/harvest.ts";
import { Trainee } from "./training/trainee.ts";
import { measureScale } from "./training/activation-scale.ts";
import { recipeOf } from "./training/recipe.ts";
const folder="/tmp/pb-home/models/stories-15m";
const {engine}=await openFolder(folder,{memoryInBytes:2**33}); const tokenizer=await openTokenizer(folder);
let t=performance.now();
const texts=(await readTexts("/work/shared/data/texts/stories.jsonl.gz")).slice(0,Number(process.env.NS??600));
const corpus=corpusFromTexts("s",texts,{tokenizer,prependBos:true,context:256}); console.log("tokenise",((performance.now()-t)/1000).toFixed(1),corpus.documents.reduce((s,d)=>s+d.length,0));
const L=Number(process.env.L??4);
const sites=[`blocks.${L}.ln2.hook_normalized`,`blocks.${L}.hook_mlp_out`].map(parseSite);
t=performance.now(); const xs:Float32Array[]=[],ys:Float32Array[]=[]; for await(const h of harvest(engine,corpus,sites)){xs.push(h.values[0].data);ys.push(h.values[1].data);} 
const cat=(a:Float32Array[])=>{const o=new Float32Array(a.reduce((s,x)=>s+x.length,0));let i=0;for(const x of a){o.set(x,i);i+=x.length;}return o;};
const X=cat(xs),Y=cat(ys);const N=X.length/288; console.log("harvest",N,"tokens",(N/((performance.now()-t)/1000)).toFixed(0),"tok/s");
const T=(d:Float32Array):Tensor=>tensor(["row","v"],[d.length/288,288],d);
const scale=measureScale(T(X),T(Y)); console.log(scale.input,scale.output);
for(let i=0;i<X.length;i++){X[i]/=scale.input;Y[i]/=scale.output;}
const B=Number(process.env.B??2048);
for(const cfg of JSON.parse(process.env.CFG??'[{"kind":"topk","k":32}]')){
 const recipe=recipeOf({name:"t",kind:cfg.kindd??"skip-transcoder",inputSite:`blocks.${L}.ln2.hook_normalized`,...(cfg.kindd==="sae"?{}:{outputSite:`blocks.${L}.hook_mlp_out`}),features:cfg.F??4608,sparsity:cfg.c?{kind:cfg.kind,coefficient:cfg.c}:{kind:cfg.kind,k:cfg.k}} as any,{batch:B,unitDecoder:undefined,reviveAfter:0,widthOf:()=>288});
 const tr=new Trainee(engine,recipe,scale);
 const steps=Number(process.env.STEPS??40); t=performance.now(); const lr=cfg.lr??1e-3;
 for(let s=0;s<steps;s++){ const x=new Float32Array(B*288),y=new Float32Array(B*288); for(let b=0;b<B;b++){const r=Math.floor(Math.random()*N)*288;x.set(X.subarray(r,r+288),b*288);y.set(Y.subarray(r,r+288),b*288);} const rep=await tr.step(T(x),T(y),lr*Math.min(1,(s+1)/10)*(s>steps/2?(1-(s-steps/2)/(steps/2))*0.95+.05:1)); if(s%100===99) console.log(JSON.stringify(cfg),s,rep.loss.toFixed(4),"unexpl",rep.unexplained.toFixed(4),"l0",rep.l0.toFixed(1),"dead",rep.deadShare.toFixed(3)); }
 const ms=(performance.now()-t)/steps; console.log("ms/step",ms.toFixed(0),"tok/s",(B/ms*1000).toFixed(0));
}
